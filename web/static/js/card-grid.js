// <card-grid>: one tab stop for all cards; arrow keys move between them, so that it traps nobody.
// Cards come in lists of a page each; nothing here grows with the number of cards.
class CardGrid extends HTMLElement {
  connectedCallback() {
    this.addEventListener("keydown", (event) => this.move(event));
    this.addEventListener("focusin", (event) => this.choose(event.target.closest(".card")));
    for (const card of this.querySelectorAll(".card")) this.reach(card, -1);
    this.observer = new MutationObserver((records) => this.changed(records));
    this.observer.observe(this, { childList: true, subtree: true, attributeFilter: ["tabindex"] });
    this.choose(this.querySelector(".card"));
  }

  disconnectedCallback() {
    this.observer.disconnect();
  }

  // The current card's link and menu are in the tab order, those of the others are not.
  choose(card) {
    if (!card || card === this.current) return;
    if (this.current) this.reach(this.current, -1);
    this.current = card;
    this.reach(card, 0);
  }

  reach(card, index) {
    for (const control of card.querySelectorAll("a, button")) {
      if (control.getAttribute("tabindex") !== String(index)) control.tabIndex = index;
    }
  }

  // New cards are out of the tab order, and so stay those whose attributes a swap has reset.
  changed(records) {
    for (const { target, addedNodes } of records) {
      const near = target.closest?.(".card");
      if (near) this.reach(near, near === this.current ? 0 : -1);
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        const cards = node.matches(".card") ? [node] : node.querySelectorAll(".card");
        for (const card of cards) this.reach(card, card === this.current ? 0 : -1);
      }
    }
    if (!this.current?.isConnected) this.choose(this.querySelector(".card"));
  }

  move(event) {
    const card = event.target.closest(".card");
    if (!card || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = this.target(event.key, card);
    if (!target) return;
    event.preventDefault();
    this.choose(target);
    target.querySelector("a").focus();
  }

  target(key, card) {
    const row = getComputedStyle(card.parentElement).gridTemplateColumns.split(" ").length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row };
    const pages = { PageDown: 3 * row, PageUp: -3 * row };
    if (key in steps) return this.step(card, steps[key]);
    if (key in pages) return this.step(card, pages[key]);
    if (key === "Home") return this.querySelector(".card");
    if (key === "End") return this.querySelector(".grid:last-of-type > .card:last-child");
    return null;
  }

  step(card, count) {
    const forward = count > 0;
    let at = card;
    for (let left = Math.abs(count); left > 0; left -= 1) {
      const list = at.parentElement;
      const next = forward
        ? (at.nextElementSibling ?? list.nextElementSibling?.firstElementChild)
        : (at.previousElementSibling ?? list.previousElementSibling?.lastElementChild);
      if (!next?.matches(".card")) break;
      at = next;
    }
    return at;
  }
}

customElements.define("card-grid", CardGrid);
