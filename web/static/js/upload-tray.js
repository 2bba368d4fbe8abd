// <upload-tray>: shows the upload queue, row by row, and what the server has half of.
//
// Its words come from the server (data-words), its rows from the <template> inside it.
import { queue } from "./upload/queue.js";
import { draw, focusIn } from "./upload/row.js";
import { takeOver } from "./upload/server.js";
import { stay } from "./upload/staying.js";
import { news, summary } from "./upload/words.js";

const BAD = new Set(["refused", "failed"]);

class UploadTray extends HTMLElement {
  #stop;
  #rows = new Map();
  #dirty = new Set();
  #told = new Map();

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.words = JSON.parse(this.dataset.words);
    queue.config = { ...this.dataset };
    queue.ask = (item, existing) => this.querySelector("duplicate-question").ask(item, existing);
    queue.addEventListener("changed", ({ detail }) => this.#later(detail), { signal });
    this.addEventListener("click", (event) => this.#act(event), { signal });
    document.addEventListener("htmx:after:swap", () => this.#tidy(), { signal });
    stay(signal);
    // On a small screen what waits for its file does not hide the page.
    if (!queue.items.length && matchMedia("(max-width: 46rem)").matches) this.#fold(true);
    queue.items.forEach((item) => this.#later(item));
    this.#tidy();
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  // Progress comes far more often than a screen is drawn.
  #later(item) {
    if (!this.#dirty.size) setTimeout(() => this.#draw(), 100);
    this.#dirty.add(item);
  }

  #draw() {
    const changed = [...this.#dirty];
    this.#dirty.clear();
    for (const item of changed) {
      if (queue.items.includes(item)) draw(this.#row(item), item, this.words, this.dataset.assetPage);
      else this.#remove(this.#rows.get(item.id), item);
    }
    this.#tidy();
    this.#summarise();
    this.#tell(changed.filter((item) => item.ended && this.#told.get(item.id) !== item.state));
  }

  #row(item) {
    if (!this.#rows.has(item.id)) {
      if (!this.#rows.size) this.#fold(false);
      const row = this.querySelector("template").content.cloneNode(true).firstElementChild;
      row.id = item.id;
      this.#rows.set(item.id, row);
      this.querySelector("[data-rows]").append(row);
    }
    const row = this.#rows.get(item.id);
    // What somebody has to read comes to the top.
    if (BAD.has(item.state) && !this.#told.has(item.id)) row.parentElement.prepend(row);
    return row;
  }

  #remove(row, item) {
    if (!row) return;
    const focused = row.contains(document.activeElement);
    const next = row.nextElementSibling ?? row.previousElementSibling ?? this;
    row.remove();
    this.#rows.delete(item.id);
    if (focused) focusIn(next);
  }

  #tidy() {
    takeOver(this, queue.items);
    this.hidden = !queue.items.length && !this.querySelector("[data-upload-row]");
  }

  #summarise() {
    const text = summary(this.words, queue.items);
    this.querySelector("[data-summary]").textContent = text;
    this.querySelector("[data-act=clear]").hidden = !queue.items.some((item) => item.ended);
    // A modal picker lies over the tray and says it too.
    document.dispatchEvent(new CustomEvent("lectern:uploading", { detail: { text } }));
  }

  // The live region speaks only when files reach an end.
  #tell(ended) {
    if (!ended.length) return;
    for (const { id, state, asset } of ended) {
      this.#told.set(id, state);
      if (asset) document.dispatchEvent(new CustomEvent("lectern:uploaded", { detail: { asset } }));
    }
    this.querySelector("[data-news]").textContent = news(this.words, ended);
  }

  #fold(shut) {
    this.querySelector("[data-act=fold]").setAttribute("aria-expanded", String(!shut));
    this.querySelector("#upload-tray-body").hidden = shut;
  }

  #act(event) {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    const { act } = button.dataset;
    if (act === "fold") this.#fold(button.getAttribute("aria-expanded") === "true");
    else if (act === "clear") queue.clear();
    else {
      const { id } = button.closest("[data-state]");
      queue[act](queue.items.find((item) => item.id === id));
    }
  }
}

customElements.define("upload-tray", UploadTray);
