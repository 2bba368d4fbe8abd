// Where items lie, measured on the screen: cards in a grid and rows of a list are walked alike.
// Only the neighbourhood is looked at, however many items there are.
const SCREEN = 0.8;

const each = (node) =>
  node.hasAttribute("data-asset") ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;

/** The next item in the order of the document, or the previous one; null at the end. */
export function neighbour(grid, item, forward) {
  const walker = document.createTreeWalker(grid, NodeFilter.SHOW_ELEMENT, each);
  walker.currentNode = item;
  return forward ? walker.nextNode() : walker.previousNode();
}

/** All items from one to another, both included, in either direction. */
export function between(grid, from, to) {
  const forward = Boolean(from.compareDocumentPosition(to) & Node.DOCUMENT_POSITION_FOLLOWING);
  const items = [from];
  for (let at = from; at && at !== to; ) {
    at = neighbour(grid, at, forward);
    if (at) items.push(at);
  }
  return items;
}

/** The item that a key leads to, or null when the key leads nowhere. */
export function destination(grid, item, { key, ctrlKey, metaKey }) {
  const far = ctrlKey || metaKey;
  if (key === "Home" || key === "End") {
    const forward = key === "End";
    const end = far ? null : rowEnd(grid, item, forward);
    return end ?? edge(grid, forward);
  }
  if (far) return null;
  if (key === "ArrowRight" || key === "ArrowLeft") return neighbour(grid, item, key === "ArrowRight");
  if (key === "ArrowDown" || key === "ArrowUp") return inNextRow(grid, item, key === "ArrowDown");
  if (key === "PageDown" || key === "PageUp") return aScreenOn(grid, item, key === "PageDown");
  return null;
}

function edge(grid, last) {
  const items = grid.querySelectorAll("[data-asset]");
  return items[last ? items.length - 1 : 0];
}

// In a list, where every item is a row of its own, the row has no ends: null.
function rowEnd(grid, item, forward) {
  const box = item.getBoundingClientRect();
  const beside = (at) => at && sameRow(at.getBoundingClientRect(), box);
  let end = item;
  for (let at = item; beside(at); at = neighbour(grid, at, forward)) end = at;
  return end === item && !beside(neighbour(grid, item, !forward)) ? null : end;
}

// The item that lies nearest above or below.
function inNextRow(grid, item, forward) {
  const from = item.getBoundingClientRect();
  let nearest = null;
  let row = null;
  let least = Infinity;
  for (let at = neighbour(grid, item, forward); at; at = neighbour(grid, at, forward)) {
    const box = at.getBoundingClientRect();
    if (sameRow(box, from)) continue;
    row ??= box;
    if (!sameRow(box, row)) break;
    const away = Math.abs(box.left + box.right - from.left - from.right);
    if (away < least) [nearest, least] = [at, away];
  }
  return nearest;
}

function aScreenOn(grid, item, forward) {
  const { top } = item.getBoundingClientRect();
  let at = item;
  for (let next = at; next; next = inNextRow(grid, at, forward)) {
    if (Math.abs(next.getBoundingClientRect().top - top) > innerHeight * SCREEN && at !== item) break;
    at = next;
  }
  return at;
}

function sameRow(a, b) {
  return Math.abs(a.top - b.top) < Math.min(a.height, b.height) / 2;
}

/** The items that a rectangle of the window meets; lists it does not meet are not looked into. */
export function meeting(grid, area) {
  const lists = new Set([...grid.querySelectorAll("[data-asset]")].map((item) => item.parentElement));
  return [...lists]
    .filter((list) => meets(list.getBoundingClientRect(), area))
    .flatMap((list) => [...list.children])
    .filter((item) => item.dataset.asset && meets(item.getBoundingClientRect(), area));
}

function meets(box, { left, top, width, height }) {
  return box.left < left + width && box.right > left && box.top < top + height && box.bottom > top;
}
