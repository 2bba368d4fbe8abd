// <upload-tray>: shows the upload queue, row by row, and what the server has half of.
//
// Its words come from the server (data-words), its rows from the <template> inside it.
import { queue } from "./upload/queue.js";
import { draw, focusIn } from "./upload/row.js";
import { stay } from "./upload/staying.js";
import { phrase, summary } from "./upload/words.js";

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
    this.addEventListener("htmx:after:swap", () => this.#tidy(), { signal });
    stay(signal);
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
      if (queue.items.includes(item)) draw(this.#row(item), item, this.words, this.dataset.asset);
      else this.#remove(this.#rows.get(item.id), item);
    }
    this.#tidy();
    this.#summarise();
    this.#tell(changed.filter((item) => item.ended && this.#told.get(item.id) !== item.state));
  }

  #row(item) {
    if (!this.#rows.has(item.id)) {
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

  // The server lists half-sent files too; those this page is sending have their own row.
  #tidy() {
    const mine = new Set(queue.items.map(({ address }) => address && new URL(address, location).pathname));
    for (const row of this.querySelectorAll("[data-open-upload]")) {
      if (mine.has(row.dataset.address)) row.remove();
    }
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
    for (const item of ended) {
      this.#told.set(item.id, item.state);
      const detail = { asset: item.asset };
      if (item.asset) document.dispatchEvent(new CustomEvent("lectern:uploaded", { detail }));
    }
    this.querySelector("[data-news]").textContent = ended
      .map((item) => `${item.name}: ${phrase(this.words, item)}`)
      .join(" ");
  }

  #act(event) {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    const { act } = button.dataset;
    if (act === "fold") {
      const open = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!open));
      this.querySelector("#upload-tray-body").hidden = open;
    } else if (act === "clear") {
      queue.items.filter((item) => item.ended).forEach((item) => queue.forget(item));
    } else {
      const row = button.closest("[data-state]");
      queue[act](queue.items.find((item) => item.id === row.id));
    }
  }
}

customElements.define("upload-tray", UploadTray);
