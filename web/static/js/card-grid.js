// <card-grid>: the files of the library as an ARIA grid. One tab stop; arrows move, Space selects,
// Shift extends, Enter opens, the menu key opens a file's menu. Cards or rows, it walks what it
// finds: every `data-asset` is an item, and where it lies is measured.
import { Band } from "./selection/band.js";
import { carry } from "./selection/carrying.js";
import { between, destination, neighbour } from "./selection/layout.js";
import { selection } from "./selection/store.js";
import { longPress } from "./selection/touch.js";

class CardGrid extends HTMLElement {
  connectedCallback() {
    this.role = "grid";
    this.setAttribute("aria-multiselectable", "true");
    this.setAttribute("aria-labelledby", this.closest("[aria-labelledby]")?.getAttribute("aria-labelledby"));
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.addEventListener("keydown", (event) => this.key(event), { signal });
    this.addEventListener("click", (event) => this.click(event), { signal });
    this.addEventListener("focusin", (event) => this.choose(event.target.closest("[data-asset]")), { signal });
    selection.addEventListener("change", (event) => this.paint(event.detail), { signal });
    longPress(this, (item) => this.toggle(item), signal);
    carry(this, signal);
    this.band = new Band(this, signal);
    this.observer = new MutationObserver((records) => this.changed(records));
    this.arrived(this);
    this.observer.observe(this, {
      childList: true,
      subtree: true,
      attributeFilter: ["tabindex", "aria-selected"],
    });
    this.choose(this.querySelector("[data-asset]"));
  }

  disconnectedCallback() {
    this.observer.disconnect();
    this.stop.abort();
  }

  // Only the current item's link is in the tab order.
  choose(item) {
    if (!item || item === this.current) return;
    const before = this.current;
    this.current = item;
    if (before) this.dress(before);
    this.dress(item);
  }

  /** Give an item the focus, wherever the keyboard was. */
  focusOn(item) {
    this.choose(item);
    link(item).focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  }

  // What a swap may have reset; equal values are not written, or this would never end.
  dress(item) {
    const on = String(selection.has(item.dataset.asset));
    if (item.getAttribute("aria-selected") !== on) item.setAttribute("aria-selected", on);
    const box = item.querySelector("[data-select]");
    if (box) box.checked = on === "true";
    const stop = item === this.current ? link(item) : null;
    for (const control of item.querySelectorAll("a, button, input")) {
      const index = control === stop ? "0" : "-1";
      if (control.getAttribute("tabindex") !== index) control.setAttribute("tabindex", index);
    }
  }

  paint(ids) {
    this.toggleAttribute("data-selecting", selection.count > 0);
    const items = ids && ids.length < 50 ? ids.map((id) => this.item(id)) : this.items();
    for (const item of items) if (item) this.dress(item);
  }

  item(id) {
    return this.querySelector(`[data-asset="${id}"]`);
  }

  items() {
    return [...this.querySelectorAll("[data-asset]")];
  }

  arrived(node) {
    const items = node.matches("[data-asset]") ? [node] : [...node.querySelectorAll("[data-asset]")];
    for (const item of items) this.dress(item);
    if (items.length) selection.meet(items.map(({ dataset }) => dataset.asset));
    this.toggleAttribute("data-selecting", selection.count > 0);
  }

  changed(records) {
    for (const { target, addedNodes, removedNodes, nextSibling, previousSibling } of records) {
      const near = target.closest?.("[data-asset]");
      if (near) this.dress(near);
      for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) this.arrived(node);
      for (const node of removedNodes) if (node === this.current) this.lost(nextSibling, previousSibling);
    }
    if (!this.current?.isConnected) this.choose(this.querySelector("[data-asset]"));
  }

  // The current item has gone: its neighbour takes over, and the focus if nobody has it.
  lost(next, previous) {
    const near = [next, next?.nextElementSibling, previous, previous?.previousElementSibling];
    const item = near.find((node) => node?.matches?.("[data-asset]") && node.isConnected);
    if (item && document.activeElement === document.body) this.focusOn(item);
    else this.choose(item);
  }

  toggle(item) {
    const { asset } = item.dataset;
    this.range = { from: item, ids: [] };
    if (selection.has(asset)) selection.change([], [asset]);
    else selection.change([asset]);
  }

  // From where the last choice was to here; an earlier range from there is given back.
  extend(item, from = this.current) {
    if (!this.range?.from.isConnected) this.range = { from: from ?? item, ids: [] };
    const wanted = between(this, this.range.from, item).map(({ dataset }) => dataset.asset);
    const within = new Set(wanted);
    const added = wanted.filter((id) => !selection.has(id));
    const left = this.range.ids.filter((id) => !within.has(id));
    this.range.ids = [...this.range.ids.filter((id) => within.has(id)), ...added];
    selection.change(added, left);
  }

  click(event) {
    const item = event.target.closest("[data-asset]");
    if (!item) return;
    const several = event.ctrlKey || event.metaKey;
    const touched = event.pointerType === "touch" && selection.count > 0;
    if (event.target.matches("[data-select]")) {
      if (event.shiftKey) this.extend(item);
      else this.toggle(item);
      this.dress(item);
    } else if (event.target.closest("a") && (event.shiftKey || several || touched)) {
      event.preventDefault();
      if (event.shiftKey) this.extend(item);
      else this.toggle(item);
    } else return;
    this.choose(item);
  }

  key(event) {
    const item = event.target.closest("[data-asset]");
    const command = event.ctrlKey || event.metaKey;
    if (!item || event.altKey || event.isComposing) return;
    const menu = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
    const to = destination(this, item, event);
    if (event.key === " " && event.target === link(item)) {
      if (event.shiftKey) this.extend(item);
      else this.toggle(item);
    } else if (command && event.key.toLowerCase() === "a") {
      selection.change(this.items().map(({ dataset }) => dataset.asset));
    } else if (menu) {
      item.querySelector("[data-card-menu]")?.click();
    } else if (to) {
      if (event.shiftKey) this.extend(to, item);
      else this.range = null;
      this.focusOn(to);
    } else return;
    event.preventDefault();
  }

  /** The item that follows one, or the one before it: where to go when it leaves. */
  beside(item) {
    return neighbour(this, item, true) ?? neighbour(this, item, false);
  }
}

function link(item) {
  return item.querySelector("a[href]");
}

customElements.define("card-grid", CardGrid);
