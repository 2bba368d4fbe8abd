// <media-picker>: the keyboard, the tray and the preview of the picker. Search, pages and inserting
// are plain htmx. Put into a <dialog>, it opens it, and leaves it empty when it closes.

class MediaPicker extends HTMLElement {
  #stop;
  #timer;
  #previewed;
  #chosen = new Map(); // asset id → name, in the order chosen; outlives every search

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("focusin", (event) => this.#look(event.target), { signal });
    this.addEventListener("pointerover", (event) => this.#look(event.target), { signal });
    this.addEventListener("picked", () => this.#close(), { signal });
    this.addEventListener("htmx:after:swap", () => this.#draw(), { signal });
    document.addEventListener("lectern:uploaded", () => this.#refresh(), { signal });
    const dialog = this.closest("dialog");
    if (dialog && !dialog.open) {
      dialog.showModal();
      dialog.addEventListener("close", () => dialog.replaceChildren(), { once: true });
    }
    this.querySelector("input[type=search]").focus();
    this.#draw();
  }

  disconnectedCallback() {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  get #items() {
    return [...this.querySelectorAll("[data-asset]")];
  }

  #close() {
    this.closest("dialog")?.close();
  }

  #refresh() {
    globalThis.htmx.trigger(this.querySelector("#picker-filters"), "refresh");
  }

  #click(event) {
    const act = event.target.closest("[data-act]")?.dataset.act;
    const item = event.target.closest("[data-asset]");
    if (act === "close") this.#close();
    else if (act === "clear") this.#choose(() => this.#chosen.clear());
    else if (act === "drop") this.#choose(() => this.#chosen.delete(event.target.closest("[data-id]").dataset.id));
    else if (act === "preview") this.#preview(item);
    else if (item && event.target.matches(".pick__check")) this.#toggle(item);
    else if (item && event.target.closest(".pick__name") && this.#chosen.size && event.detail) {
      // While choosing several, a click chooses; Enter (no `detail`) inserts all that is chosen.
      event.preventDefault();
      this.#toggle(item);
    }
  }

  #toggle(item) {
    const { asset, name } = item.dataset;
    if (item.dataset.state === "failed") return;
    this.#choose(() => this.#chosen.delete(asset) || this.#chosen.set(asset, name));
  }

  #choose(change) {
    change();
    this.#draw();
    this.querySelector("[data-said]").textContent = this.dataset.chosen.replace("{count}", this.#chosen.size);
  }

  // One tab stop in the grid; arrows go by what is seen, not by the order in the document.
  #draw() {
    const items = this.#items;
    const stop = items.find((item) => item.contains(document.activeElement)) ?? items[0];
    for (const item of items) {
      const on = this.#chosen.has(item.dataset.asset);
      item.querySelector("[aria-selected]").setAttribute("aria-selected", String(on));
      const check = item.querySelector(".pick__check");
      check.checked = on;
      check.tabIndex = -1;
      item.querySelector("[data-act=preview]").tabIndex = -1;
      item.querySelector(".pick__name").tabIndex = item === stop ? 0 : -1;
    }
    this.querySelector("[data-tray]").replaceChildren(...[...this.#chosen].map((each) => this.#chip(each)));
    const count = this.#chosen.size;
    const insert = this.querySelector(".picker__insert");
    insert.hidden = !count;
    insert.textContent = count === 1 ? this.dataset.one : this.dataset.several.replace("{count}", count);
    this.querySelector("[data-act=clear]").hidden = !count;
    this.querySelector("[data-hint]").hidden = Boolean(count);
  }

  #chip([id, name]) {
    const chip = document.createElement("li");
    chip.dataset.id = id;
    const drop = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: name });
    drop.dataset.act = "drop";
    drop.setAttribute("aria-label", this.dataset.drop.replace("{name}", name));
    chip.append(drop, Object.assign(document.createElement("input"), { type: "hidden", name: "tray", value: id }));
    return chip;
  }

  #key(event) {
    const item = event.target.closest("[data-asset]");
    if (!item && event.key === "ArrowDown" && event.target.type === "search") {
      event.preventDefault();
      return this.#focus(this.#items[0]);
    }
    if (!item || !event.target.matches(".pick__name")) return;
    if (event.key === " ") {
      event.preventDefault();
      return this.#toggle(item);
    }
    const to = this.#neighbour(item, event);
    if (!to) return;
    event.preventDefault();
    this.#focus(to);
  }

  #neighbour(item, { key, ctrlKey }) {
    const items = this.#items;
    const at = items.indexOf(item);
    const columns = items.findIndex((each) => each.offsetTop > items[0].offsetTop);
    const across = columns > 0 ? columns : items.length;
    const start = at - (at % across);
    const step = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + across,
      ArrowUp: at - across,
      Home: ctrlKey ? 0 : start,
      End: ctrlKey ? items.length - 1 : Math.min(start + across, items.length) - 1,
      PageDown: Math.min(at + 3 * across, items.length - 1),
      PageUp: Math.max(at - 3 * across, 0),
    }[key];
    return items[step];
  }

  #focus(item) {
    if (!item) return;
    for (const each of this.#items) each.querySelector(".pick__name").tabIndex = each === item ? 0 : -1;
    item.querySelector(".pick__name").focus();
    item.scrollIntoView({ block: "nearest" });
  }

  // Wait a moment: a pointer on its way elsewhere crosses many files.
  #look(target) {
    const item = target.closest?.("[data-asset]");
    clearTimeout(this.#timer);
    if (item) this.#timer = setTimeout(() => this.#preview(item, true), 350);
  }

  #preview(item, inPassing = false) {
    const panel = this.querySelector("#picker-preview");
    const playing = panel.querySelector("video, audio")?.paused === false;
    if (inPassing && (playing || getComputedStyle(panel).display === "none")) return;
    panel.toggleAttribute("data-open", true);
    if (this.#previewed === item.dataset.asset) return;
    this.#previewed = item.dataset.asset;
    const address = this.dataset.preview.replace("ASSET", item.dataset.asset);
    globalThis.htmx.ajax("GET", address, { target: panel, swap: "innerHTML" });
  }
}

customElements.define("media-picker", MediaPicker);
