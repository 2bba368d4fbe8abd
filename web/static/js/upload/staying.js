// While files are on their way, links of ours are followed by swapping the page instead of leaving
// it: the tray stays, and the browser has no reason to throw the files away.

import { queue } from "./queue.js";

// Addresses that answer with bytes or JSON, not with a page.
const NO_PAGE = /^\/(m|api|static)\//;

export function stay(signal) {
  document.addEventListener("click", follow, { signal });
  addEventListener("beforeunload", (event) => queue.busy && event.preventDefault(), { signal });
}

function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || !queue.busy || event.defaultPrevented || event.button) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const { origin, pathname, href } = new URL(link.href);
  if (origin !== location.origin || NO_PAGE.test(pathname)) return;
  if (link.target || link.hasAttribute("download") || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  globalThis.htmx.ajax("GET", href, { source: document.body, target: document.body, swap: "innerHTML", push: "true" });
}
