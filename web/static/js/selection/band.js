// The rectangle one draws over the files from empty space. It selects what it touches, scrolls at
// the edges, adds with Shift or Ctrl, and is given up with Escape. Its start is kept relative to
// the grid, so that it stays where it was while the page scrolls and grows.
import { meeting } from "./layout.js";
import { selection } from "./store.js";

const SLACK_PX = 5;
const EDGE_PX = 56;
const FASTEST_PX = 22;
const CONTROLS = "[data-asset], a, button, input, select, textarea, label, summary, dialog, nav, form, [popover]";

export class Band {
  #grid;
  #drawing = null;

  constructor(grid, signal) {
    this.#grid = grid;
    const page = grid.closest("main") ?? document.body;
    page.addEventListener("pointerdown", (event) => this.#begin(event), { signal });
    signal.addEventListener("abort", () => this.#end(false));
  }

  #begin(event) {
    const { target, button, pointerType } = event;
    const empty = target.contains(this.#grid) || this.#grid.contains(target);
    if (button !== 0 || pointerType === "touch" || !empty || target.closest(CONTROLS)) return;
    if (this.#drawing) this.#end(false);
    const { left, top } = this.#grid.getBoundingClientRect();
    this.#drawing = {
      from: { x: event.clientX - left, y: event.clientY - top },
      at: { x: event.clientX, y: event.clientY },
      adding: event.shiftKey || event.ctrlKey || event.metaKey,
      pointer: event.pointerId,
      stop: new AbortController(),
      touched: new Set(),
      before: null,
    };
    const listen = (name, action) =>
      addEventListener(name, action, { signal: this.#drawing.stop.signal, capture: true });
    listen("pointermove", (moved) => this.#move(moved));
    listen("pointerup", () => this.#end(true));
    listen("pointercancel", () => this.#end(false));
    listen("blur", () => this.#end(false));
    listen("keydown", (pressed) => {
      if (pressed.key !== "Escape") return;
      pressed.preventDefault();
      pressed.stopImmediatePropagation();
      this.#end(false);
    });
    listen("selectstart", (begun) => begun.preventDefault());
  }

  #move(event) {
    const drawing = this.#drawing;
    if (event.pointerId !== drawing.pointer) return;
    drawing.at = { x: event.clientX, y: event.clientY };
    if (drawing.box) return;
    const { left, top } = this.#grid.getBoundingClientRect();
    const far = Math.hypot(event.clientX - left - drawing.from.x, event.clientY - top - drawing.from.y);
    if (far < SLACK_PX) return;
    drawing.box = document.createElement("div");
    drawing.box.className = "band";
    document.body.append(drawing.box);
    document.documentElement.toggleAttribute("data-banding", true);
    this.#grid.setPointerCapture?.(drawing.pointer);
    this.#frame();
  }

  #frame() {
    const drawing = this.#drawing;
    if (!drawing?.box) return;
    this.#scroll(drawing.at.y);
    const { left, top } = this.#grid.getBoundingClientRect();
    const area = rectangle(drawing.at, { x: drawing.from.x + left, y: drawing.from.y + top });
    for (const [name, value] of Object.entries(area)) drawing.box.style.setProperty(`--${name}`, `${value}px`);
    drawing.touched = new Set(meeting(this.#grid, area).map(({ dataset }) => dataset.asset));
    this.#show(drawing);
    drawing.next = requestAnimationFrame(() => this.#frame());
  }

  #scroll(y) {
    const bar = document.querySelector(".bar")?.offsetHeight ?? 0;
    const above = bar + EDGE_PX - y;
    const below = y - (innerHeight - EDGE_PX);
    const by = below > 0 ? below : above > 0 ? -above : 0;
    if (by) scrollBy({ top: Math.max(-FASTEST_PX, Math.min(FASTEST_PX, by / 2)), behavior: "instant" });
  }

  // Shown as it would be; told to the server when the button is let go.
  #show({ touched, adding }) {
    for (const item of this.#grid.querySelectorAll("[data-asset]")) {
      const { asset } = item.dataset;
      const on = touched.has(asset) || (adding && selection.has(asset));
      item.toggleAttribute("data-banded", on !== selection.has(asset));
    }
  }

  #end(keep) {
    const drawing = this.#drawing;
    this.#drawing = null;
    if (!drawing) return;
    drawing.stop.abort();
    cancelAnimationFrame(drawing.next);
    if (!drawing.box) return;
    drawing.box.remove();
    document.documentElement.toggleAttribute("data-banding", false);
    for (const item of this.#grid.querySelectorAll("[data-banded]")) item.removeAttribute("data-banded");
    if (!keep) return;
    if (drawing.adding) selection.change([...drawing.touched]);
    else selection.replace([...drawing.touched]);
  }
}

function rectangle(a, b) {
  const [left, top] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { left, top, width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
}
