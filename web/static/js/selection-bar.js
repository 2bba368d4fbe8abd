// <selection-bar>: how many files are selected, and what can be done with them. It asks the server
// again whenever this page may not know best: on arrival, on return, and after a bulk change.
import { refresh, tell } from "./refresh.js";
import { whatWasCarried } from "./selection/carrying.js";
import "./selection/leaving.js";
import { selection } from "./selection/store.js";
import { moveAlong } from "./selection/toolbar.js";

class SelectionBar extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    const listen = (target, name, action) => target.addEventListener(name, action, { signal });
    selection.attach(this);
    listen(selection, "change", () => this.show());
    listen(selection, "kept", ({ detail }) => this.kept(detail));
    listen(selection, "failed", () => toast(this.dataset.failed, true));
    listen(this, "click", (event) => this.click(event));
    listen(document, "keydown", (event) => this.key(event));
    listen(document, "lectern:bulk", ({ detail }) => this.open(detail));
    listen(document, "lectern:move-here", ({ detail }) => this.moveTo(detail.folder));
    listen(document, "lectern:batch", () => this.begun());
    for (const name of ["selection-changed", "library-changed"]) {
      listen(document.body, name, () => selection.refresh());
    }
    listen(document, "visibilitychange", () => !document.hidden && selection.refresh());
    listen(window, "focus", () => selection.refresh());
    listen(window, "pageshow", ({ persisted }) => persisted && selection.refresh());
    for (const name of ["pagehide", "blur"]) listen(window, name, () => selection.leave());
    moveAlong(this.part("[role=toolbar]"), signal);
    selection.refresh();
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  part(selector) {
    return this.querySelector(selector);
  }

  show() {
    const bar = this.part("[role=toolbar]");
    const number = selection.count.toLocaleString(document.documentElement.lang);
    this.part("[data-number]").textContent = this.dataset.some.replace("{count}", number);
    const hidden = selection.count === 0;
    if (bar.hidden === hidden) return;
    const held = bar.contains(document.activeElement);
    bar.hidden = hidden;
    this.matching = null;
    if (hidden && held) this.leave();
  }

  // What had the focus is gone: go on where one was in the grid.
  leave() {
    const grid = document.querySelector("card-grid");
    if (grid?.current) grid.focusOn(grid.current);
    else document.getElementById("main")?.focus({ preventScroll: true });
  }

  kept({ count, words, download, all }) {
    this.show();
    if (selection.count === count) this.part("[data-number]").textContent = words;
    const said = this.part("[role=status]");
    if (said.textContent !== words) said.textContent = words;
    const link = this.part("[data-download]");
    if (link) link.href = download;
    this.offer(all);
  }

  // "Select all 1,842 matching", while that would be more.
  async offer(all) {
    const button = this.part("[data-act=all]");
    if (!selection.count) return;
    const address = location.search;
    if (this.matching?.address !== address) {
      try {
        const answer = await fetch(this.dataset.matching + address);
        this.matching = { address, ...(await answer.json()) };
      } catch {
        this.matching = null;
      }
    }
    button.hidden = all || !(this.matching?.count > selection.count);
    button.textContent = this.matching?.words ?? "";
  }

  async click(event) {
    const { act, bulk } = event.target.closest("button")?.dataset ?? {};
    if (bulk) this.open({ action: bulk });
    else if (act === "dismiss") this.dismiss(event.target.closest(".batch"));
    else if (act === "clear") selection.clear();
    else if (act === "all") {
      await selection.all(location.search);
      this.part(".bulk__clear").focus();
    }
  }

  dismiss(panel) {
    panel.remove();
    this.leave();
  }

  key(event) {
    const { key, target, defaultPrevented } = event;
    const elsewhere = target.closest?.("dialog, [popover], input:not([data-select]), textarea, select, tag-input");
    if (key !== "Escape" || defaultPrevented || elsewhere || !selection.count) return;
    if (document.querySelector("[popover]:popover-open:not([popover=manual]), dialog[open]")) return;
    event.preventDefault();
    selection.clear();
  }

  /** The dialog of a bulk change, for the selection or for one file. */
  async open({ action, asset }) {
    await selection.settled();
    const about = new URLSearchParams(asset ? { asset } : { context: this.dataset.context });
    const address = this.dataset.dialog.replace("ACTION", action);
    globalThis.htmx.ajax("GET", `${address}?${about}`, {
      source: this,
      target: "#bulk-dialog",
      swap: "innerHTML",
    });
  }

  async moveTo(folder) {
    const { asset } = whatWasCarried();
    await selection.settled();
    const about = asset ? { asset } : { context: this.dataset.context };
    globalThis.htmx.ajax("POST", this.dataset.begin, {
      source: this,
      target: "#bulk-results",
      swap: "afterbegin",
      values: { action: "move", folder, ...about },
    });
  }

  // Cards change by the live channel; without one they are asked for.
  begun() {
    document.querySelector("#bulk-dialog dialog")?.close();
    selection.refresh();
    tell("library-total");
    const live = document.getElementById("live");
    if (live?.dataset.live !== "on") refresh(live, false);
  }
}

function toast(text, danger) {
  document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, danger } }));
}

customElements.define("selection-bar", SelectionBar);
