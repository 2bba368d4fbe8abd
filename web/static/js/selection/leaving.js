// Files that leave the grid fade, and the others close ranks; without it where motion is unwelcome.
import { meeting } from "./layout.js";

const FADE = { duration: 200, easing: "ease-out" };
const MOVE = { duration: 280, easing: "cubic-bezier(0.2, 0.7, 0.3, 1)" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const before = new WeakMap(); // swap context → where everything was

document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
  const grid = document.querySelector("card-grid");
  if (!grid || calm.matches || !tasks.some((task) => removes(task, ctx))) return;
  const screen = { left: 0, top: 0, width: innerWidth, height: innerHeight };
  const shown = meeting(grid, screen).map((item) => [item, item.getBoundingClientRect()]);
  before.set(ctx, shown);
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const shown = before.get(ctx);
  const grid = document.querySelector("card-grid");
  if (!shown || !grid) return;
  before.delete(ctx);
  for (const [item, was] of shown) {
    const now = grid.querySelector(`[data-asset="${item.dataset.asset}"]`);
    if (now) move(now, was);
    else fade(item, was);
  }
});

function removes({ swapSpec, target }, ctx) {
  const style = typeof swapSpec === "string" ? swapSpec : swapSpec?.style;
  const element = typeof target === "string" ? document.querySelector(target) : target;
  if (style === "delete") return Boolean(element?.closest?.("card-grid"));
  return element?.id === "results" && ctx.sourceEvent?.type === "library-changed";
}

function move(item, was) {
  const { left, top } = item.getBoundingClientRect();
  const [x, y] = [was.left - left, was.top - top];
  if (x || y) item.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], MOVE);
}

// A copy of what is gone, where it was.
function fade(item, { left, top, width, height }) {
  const copy = item.cloneNode(true);
  for (const node of [copy, ...copy.querySelectorAll("[id]")]) node.removeAttribute("id");
  copy.removeAttribute("data-asset");
  copy.setAttribute("aria-hidden", "true");
  copy.inert = true;
  copy.classList.add("card--leaving");
  for (const [name, value] of Object.entries({ left, top, width, height })) {
    copy.style.setProperty(`--${name}`, `${value}px`);
  }
  document.body.append(copy);
  const ends = copy.animate([{ opacity: 1 }, { opacity: 0, transform: "scale(0.92)" }], FADE);
  ends.finished.finally(() => copy.remove());
}
