// Dragging files onto a folder. A folder that takes them tells with `lectern:move-here`; the same
// is done by "Move to…" without dragging.
import { selection } from "./store.js";

export const CARRIED = "application/x-lectern-selection";
let carried = null; // the id of one file, or null for the whole selection

export function carry(grid, signal) {
  grid.addEventListener(
    "dragstart",
    (event) => {
      const item = event.target.closest?.("[data-asset]");
      if (!item || !event.dataTransfer) return;
      carried = selection.has(item.dataset.asset) ? null : item.dataset.asset;
      event.dataTransfer.setData(CARRIED, carried ?? "selection");
      event.dataTransfer.effectAllowed = "copyMove";
      event.dataTransfer.setDragImage(picture(item, carried ? 1 : selection.count), 16, 16);
      document.documentElement.toggleAttribute("data-carrying", true);
    },
    { signal },
  );
  grid.addEventListener("dragend", () => document.documentElement.removeAttribute("data-carrying"), { signal });
}

/** What was dragged last: `{asset}` for one file, `{}` for the selection. */
export function whatWasCarried() {
  return carried ? { asset: carried } : {};
}

// What follows the pointer: the name of one, the number of several.
function picture(item, count) {
  const shown = document.createElement("div");
  shown.className = "carried";
  const name = item.querySelector("a")?.textContent.trim();
  shown.textContent = count > 1 ? String(count) : name;
  document.body.append(shown);
  setTimeout(() => shown.remove());
  return shown;
}
