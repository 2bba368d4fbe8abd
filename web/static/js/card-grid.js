// <card-grid>: one tab stop for the grid; arrow keys move between cards, so that it traps nobody.
class CardGrid extends HTMLElement {
  connectedCallback() {
    this.addEventListener("keydown", (event) => this.move(event));
    this.addEventListener("focusin", (event) => this.settle(event.target.closest(".card")));
    this.observer = new MutationObserver(() => this.settle());
    this.observer.observe(this, { childList: true, subtree: true });
    this.settle();
  }

  disconnectedCallback() {
    this.observer.disconnect();
  }

  get cards() {
    return [...this.querySelectorAll(".card")];
  }

  // The current card's link and menu are in the tab order, those of the others are not.
  settle(chosen) {
    if (chosen) this.current = chosen.id;
    const cards = this.cards;
    if (!cards.some((card) => card.id === this.current)) this.current = cards[0]?.id;
    for (const card of cards) {
      const index = card.id === this.current ? 0 : -1;
      for (const control of card.querySelectorAll("a, button")) {
        if (control.tabIndex !== index) control.tabIndex = index;
      }
    }
  }

  move(event) {
    const card = event.target.closest(".card");
    if (!card || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const cards = this.cards;
    const target = cards[this.next(event.key, cards, cards.indexOf(card))];
    if (!target) return;
    event.preventDefault();
    this.settle(target);
    target.querySelector("a").focus();
  }

  next(key, cards, at) {
    const row = this.columns(cards);
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row };
    const pages = { PageDown: 3 * row, PageUp: -3 * row };
    if (key in steps) return at + steps[key];
    if (key in pages) return Math.min(Math.max(at + pages[key], 0), cards.length - 1);
    if (key === "Home") return 0;
    if (key === "End") return cards.length - 1;
    return -1;
  }

  columns(cards) {
    const top = cards[0].offsetTop;
    const below = cards.findIndex((card) => card.offsetTop > top);
    return below === -1 ? cards.length : below;
  }
}

customElements.define("card-grid", CardGrid);
