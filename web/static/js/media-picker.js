// <media-picker>: the keyboard, the tray and the preview of the picker. Search, further pages and
// inserting are plain htmx. Put into a <dialog>, it opens it; when that closes, it is taken out.
import { showTray } from "./picker/chips.js";
import { neighbour } from "./picker/moves.js";
import { Preview } from "./picker/preview.js";

class MediaPicker extends HTMLElement {
  #stop;
  #preview;
  #chosen = new Map(); // asset id → name, in the order chosen; outlives every search

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#preview = new Preview(this.querySelector("#picker-preview"), this.dataset.preview);
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("focusin", (event) => this.#look(event), { signal });
    this.addEventListener("pointerover", (event) => this.#look(event), { signal });
    this.addEventListener("picked", () => this.#close(), { signal });
    document.addEventListener("htmx:after:swap", () => this.#draw(), { signal });
    const hint = this.querySelector("[data-hint]");
    document.addEventListener("lectern:uploading", ({ detail }) => (hint.textContent = detail.text), { signal });
    document.addEventListener("lectern:uploaded", () => this.#refresh(), { signal });
    this.#open(this.closest("dialog"));
    this.#draw();
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#preview.dwell(null);
  }

  #open(dialog) {
    if (dialog && !dialog.open) {
      dialog.showModal();
      dialog.addEventListener("close", () => dialog.replaceChildren(), { once: true });
    }
    this.querySelector("input[type=search]").focus();
  }

  #close() {
    this.closest("dialog")?.close();
  }

  #refresh() {
    globalThis.htmx.trigger(this.querySelector("#picker-filters"), "refresh");
  }

  get #items() {
    return [...this.querySelectorAll("[data-asset]")];
  }

  #click(event) {
    const { act } = event.target.closest("[data-act]")?.dataset ?? {};
    const item = event.target.closest("[data-asset]");
    if (act === "close") this.#close();
    else if (act === "clear") this.#change(() => this.#chosen.clear());
    else if (act === "drop") this.#drop(event.target.closest("[data-id]"));
    else if (act === "preview") this.#preview.show(item);
    else if (act === "back") this.#preview.leave();
    else if (event.target.matches(".pick__check")) this.#toggle(item);
    else if (event.target.closest(".pick__name") && this.#chosen.size && event.detail) {
      // While choosing several, a click chooses; Enter (no `detail`) inserts all that is chosen.
      event.preventDefault();
      this.#toggle(item);
    }
  }

  #toggle({ dataset: { asset, name, state } }) {
    if (state === "failed") return;
    this.#change(() => this.#chosen.delete(asset) || this.#chosen.set(asset, name));
  }

  #drop(chip) {
    this.#change(() => this.#chosen.delete(chip.dataset.id));
    this.querySelector(".chip, input[type=search]").focus();
  }

  #change(how) {
    how();
    this.#draw();
    this.querySelector("[data-said]").textContent = this.dataset.chosen.replace("{count}", this.#chosen.size);
  }

  // One tab stop in the grid, wherever the focus was last.
  #draw() {
    const items = this.#items;
    const stop = items.find((item) => item.contains(document.activeElement)) ?? items[0];
    for (const item of items) {
      const on = this.#chosen.has(item.dataset.asset);
      item.querySelector("[aria-selected]").setAttribute("aria-selected", String(on));
      item.querySelector(".pick__check").checked = on;
      for (const control of item.querySelectorAll("button, input")) control.tabIndex = -1;
    }
    if (stop) stop.querySelector(".pick__name").tabIndex = 0;
    showTray(this, this.#chosen, this.dataset);
  }

  #key(event) {
    const item = event.target.closest(".pick__name")?.closest("[data-asset]");
    const down = event.key === "ArrowDown" && event.target.type === "search";
    const to = item ? neighbour(this.#items, item, event) : down && this.#items[0];
    if (item && event.key === " ") this.#toggle(item);
    else if (to) this.#focus(to);
    else return;
    event.preventDefault();
  }

  #focus(item) {
    for (const each of this.#items) each.querySelector(".pick__name").tabIndex = each === item ? 0 : -1;
    item.querySelector(".pick__name").focus();
    item.scrollIntoView({ block: "nearest" });
  }

  #look(event) {
    this.#preview.dwell(event.target.closest?.("[data-asset]"));
  }
}

customElements.define("media-picker", MediaPicker);
