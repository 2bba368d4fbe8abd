// <folder-tree>: the places beside the library: their menus, what is open, and what is dropped on folders.
// The page's selection is dropped with the type below and goes on as the event `lectern:move-here`.
const SELECTION = "application/x-lectern-selection";
const FOLDER = "application/x-lectern-folder";
// Stands for the folder in an address made by the server.
const NOBODY = "00000000-0000-0000-0000-000000000000";
const OPENED = "lectern-folders";
// As many as fit into an address.
const MOST_OPENED = 100;
// What an address says besides filters: it may change without changing the place.
const NO_FILTERS = ["cursor", "view", "density", "typing"];

class FolderTree extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.addEventListener("click", (event) => this.click(event));
    this.addEventListener("keydown", (event) => this.move(event));
    this.addEventListener("toggle", (event) => this.toggled(event), true);
    this.addEventListener("dragstart", (event) => this.drag(event));
    for (const name of ["dragover", "dragleave", "drop"]) {
      this.addEventListener(name, (event) => this[name](event));
    }
    this.addEventListener("htmx:config:request", ({ detail }) => this.name(detail.ctx.request));
    this.addEventListener("htmx:before:swap", () => (this.focused = document.activeElement?.id));
    this.addEventListener("htmx:after:swap", () => this.restore());
    document.addEventListener("htmx:after:history:update", () => this.follow(), { signal });
    this.shown = this.what();
    this.restore();
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  click(event) {
    const menu = event.target.closest("[data-menu]");
    const item = event.target.closest("[data-path], [data-ask]");
    if (menu) this.open(menu);
    if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (item.matches("[data-path]")) item.closest("[popover]").hidePopover();
    // What the page shows may have changed since the link was made.
    const address = item.getAttribute("href").split("?")[0] + window.location.search;
    window.htmx.ajax("GET", address, { source: this, target: "#places-dialog", swap: "innerHTML" });
  }

  open(button) {
    const menu = this.querySelector(`#${button.dataset.menu}`);
    this.button = button;
    for (const link of menu.querySelectorAll("[data-path]")) {
      link.href = button.dataset.base + link.dataset.path + window.location.search;
    }
    menu.showPopover({ source: button });
    menu.querySelector("a").focus();
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const menu = event.target.closest(".menu");
    if (!step || !menu) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll("a")];
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  }

  // Which folders are open is remembered for the visit; the way to the one shown always is.
  toggled({ target, newState }) {
    if (target.matches(".menu")) this.button?.setAttribute("aria-expanded", newState === "open");
    if (!target.dataset?.inside) return;
    const opened = this.opened();
    opened.delete(target.dataset.inside);
    if (target.open) opened.add(target.dataset.inside);
    sessionStorage.setItem(OPENED, [...opened].slice(-MOST_OPENED).join(" "));
    if (target.open && target.querySelector(":scope > [data-away]")) this.ask();
  }

  // What is in a folder comes when it is opened, and again as long as it is open.
  name({ action, body }) {
    if (action?.split("?")[0] !== this.dataset.places) return;
    for (const id of this.opened()) body.append("open", id);
  }

  ask() {
    const lists = this.querySelector("#places-lists");
    const address = this.dataset.places + window.location.search;
    window.htmx.ajax("GET", address, { source: this, target: lists, swap: "outerHTML" });
  }

  restore() {
    const opened = this.opened();
    for (const inside of this.querySelectorAll("[data-inside]")) {
      if (opened.has(inside.dataset.inside)) inside.open = true;
    }
    // What had the focus has come anew, inside of what was closed a moment ago.
    if (this.focused && document.activeElement === document.body) {
      document.getElementById(this.focused)?.focus({ preventScroll: true });
    }
  }

  opened() {
    return new Set((sessionStorage.getItem(OPENED) ?? "").split(" ").filter(Boolean));
  }

  // A filter chosen elsewhere on the page may be a place, or leave one.
  follow() {
    if (this.what() === this.shown) return;
    this.shown = this.what();
    this.ask();
  }

  what() {
    const now = [...new URLSearchParams(window.location.search)];
    return JSON.stringify(now.filter(([name]) => !NO_FILTERS.includes(name)));
  }

  drag(event) {
    const link = event.target.closest?.("a[data-folder]");
    if (!link) return;
    event.dataTransfer.setData(FOLDER, JSON.stringify([link.dataset.folder, link.dataset.seen]));
    event.dataTransfer.effectAllowed = "move";
  }

  place(event) {
    const place = event.target.closest?.("[data-folder]");
    const types = event.dataTransfer?.types ?? [];
    // What is no folder takes folders only: they come to the top.
    const fits = types.includes(FOLDER) || (types.includes(SELECTION) && place?.dataset.folder);
    return fits ? place : null;
  }

  dragover(event) {
    const place = this.place(event);
    if (!place) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    place.classList.add("spot--over");
  }

  dragleave(event) {
    const place = event.target.closest?.("[data-folder]");
    if (!place?.contains(event.relatedTarget)) place?.classList.remove("spot--over");
  }

  drop(event) {
    const place = this.place(event);
    if (!place) return;
    event.preventDefault();
    place.classList.remove("spot--over");
    const to = place.dataset.folder;
    if (event.dataTransfer.types.includes(FOLDER)) {
      const [folder, seen] = JSON.parse(event.dataTransfer.getData(FOLDER));
      const here = new URLSearchParams(window.location.search).get("folder") ?? "";
      if (folder !== to) this.post(folder, { parent: to, seen, here, dropped: "1" });
      return;
    }
    place.dispatchEvent(new CustomEvent("lectern:move-here", { bubbles: true, detail: { folder: to } }));
  }

  post(folder, values) {
    const address = this.dataset.move.replace(NOBODY, folder);
    window.htmx.ajax("POST", address, { source: this, target: "#places-dialog", swap: "innerHTML", values });
  }
}

// A form in a dialog that has done its work says what it changed; then the dialog is done too.
for (const name of ["places-changed", "tags-changed"]) {
  document.addEventListener(name, ({ target }) => target.closest?.("dialog")?.close());
}

customElements.define("folder-tree", FolderTree);
