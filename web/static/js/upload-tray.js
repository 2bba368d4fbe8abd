// <upload-tray>: shows the upload queue, row by row, and asks what to do with duplicates.
//
// Its words come from the server (data-words), its rows from the <template> inside it.
import { phrase, summary } from "./upload/words.js";
import { queue } from "./upload/queue.js";

// What may be done with a file, by its state.
const ACTIONS = {
  waiting: ["cancel"],
  hashing: ["cancel"],
  asking: ["cancel"],
  queued: ["cancel"],
  sending: ["pause", "cancel"],
  retrying: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  stalled: ["retry", "cancel"],
  failed: ["retry", "forget"],
};
const BAD = new Set(["refused", "failed"]);
const MOVING = new Set(["hashing", "sending", "paused", "retrying", "stalled"]);

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
    addEventListener("beforeunload", (event) => queue.busy && event.preventDefault(), { signal });
    queue.items.forEach((item) => this.#later(item));
    this.#tidy();
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  // Progress comes far more often than a screen is drawn.
  #later(item) {
    if (!this.#dirty.size) requestAnimationFrame(() => this.#draw());
    this.#dirty.add(item);
  }

  #draw() {
    const changed = [...this.#dirty];
    this.#dirty.clear();
    for (const item of changed) {
      if (queue.items.includes(item)) this.#row(item);
      else this.#drop(item);
    }
    this.#tidy();
    this.#summary(changed);
  }

  #row(item) {
    let row = this.#rows.get(item.id);
    if (!row) {
      row = this.querySelector("template").content.cloneNode(true).firstElementChild;
      row.id = item.id;
      this.#rows.set(item.id, row);
      this.querySelector("[data-rows]").append(row);
    }
    const part = (name) => row.querySelector(`[data-part="${name}"]`);
    row.dataset.state = item.state;
    // What somebody has to read comes to the top.
    if (BAD.has(item.state) && !this.#told.has(item.id)) row.parentElement.prepend(row);
    part("name").textContent = item.name;
    if (item.asset) part("name").href = this.dataset.asset.replace("ASSET", item.asset);
    part("note").textContent = phrase(this.words, item);
    const bar = part("bar");
    bar.hidden = !MOVING.has(item.state) && item.state !== "checking";
    bar.setAttribute("aria-label", item.name);
    if (MOVING.has(item.state)) bar.value = item.fraction;
    else bar.removeAttribute("value");
    for (const button of row.querySelectorAll("button[data-act]")) {
      const { act } = button.dataset;
      button.hidden = !(ACTIONS[item.state] ?? (item.ended ? ["forget"] : [])).includes(act);
      button.setAttribute("aria-label", this.words[`act-${act}`].replace("{name}", item.name));
    }
    if (row.contains(document.activeElement) && document.activeElement.hidden) {
      row.querySelector("button:not([hidden])")?.focus();
    }
  }

  #drop(item) {
    const row = this.#rows.get(item.id);
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    if (row?.contains(document.activeElement)) {
      (next ?? this).querySelector("button:not([hidden])")?.focus();
    }
    row?.remove();
    this.#rows.delete(item.id);
  }

  // The server lists half-sent files too; those this page is sending have their own row.
  #tidy() {
    const mine = new Set(queue.items.map(({ address }) => address && new URL(address, location).pathname));
    for (const row of this.querySelectorAll("[data-open-upload]")) {
      if (mine.has(row.dataset.address)) row.remove();
    }
    this.hidden = !queue.items.length && !this.querySelector("[data-upload-row]");
  }

  // The header counts; the live region speaks only when a file reaches an end.
  #summary(changed) {
    const text = summary(this.words, queue.items);
    this.querySelector("[data-summary]").textContent = text;
    // A modal picker lies over the tray and says it too.
    document.dispatchEvent(new CustomEvent("lectern:uploading", { detail: { text } }));
    this.querySelector("[data-act=clear]").hidden = !queue.items.some((item) => item.ended);
    const news = changed.filter((item) => item.ended && this.#told.get(item.id) !== item.state);
    for (const item of news) {
      this.#told.set(item.id, item.state);
      const asset = item.asset;
      if (asset) document.dispatchEvent(new CustomEvent("lectern:uploaded", { detail: { asset } }));
    }
    if (!news.length) return;
    this.querySelector("[data-news]").textContent = news
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
