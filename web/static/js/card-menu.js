// <card-menu>: the one menu all cards share; opened from a card's button, it points at that card.
// Stands for the asset in an address made by the server.
const NOBODY = "00000000-0000-0000-0000-000000000000";

class CardMenu extends HTMLElement {
  connectedCallback() {
    this.menu = this.querySelector("[popover]");
    this.stop = new AbortController();
    const { signal } = this.stop;
    document.addEventListener(
      "click",
      (event) => {
        const button = event.target.closest("[data-card-menu]");
        if (button) this.open(button);
      },
      { signal },
    );
    this.menu.addEventListener("toggle", (event) => {
      this.button?.setAttribute("aria-expanded", String(event.newState === "open"));
    });
    this.menu.addEventListener("click", (event) => this.act(event));
    this.menu.addEventListener("keydown", (event) => this.move(event));
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  open(button) {
    this.button = button;
    this.card = button.closest("[data-asset]");
    const page = this.card.querySelector("a").getAttribute("href");
    for (const link of this.menu.querySelectorAll("[data-path]")) {
      link.href = page + link.dataset.path;
    }
    for (const link of this.menu.querySelectorAll("[data-original]")) {
      link.href = link.dataset.original.replace(NOBODY, this.card.dataset.asset);
    }
    this.menu.showPopover({ source: button });
    this.menu.querySelector("a, button").focus();
  }

  act(event) {
    const { post, bulk } = event.target.closest("a, button")?.dataset ?? {};
    if (event.target.closest("a, button")) this.menu.hidePopover();
    // The dialogs for many files serve one as well.
    const detail = { action: bulk, asset: this.card.dataset.asset };
    if (bulk) document.dispatchEvent(new CustomEvent("lectern:bulk", { detail }));
    if (!post) return;
    const page = this.card.querySelector("a").getAttribute("href");
    window.htmx.ajax("POST", `${page}/${post}`, {
      // Not the card's button, which may be gone when the answer comes.
      source: this,
      target: this,
      swap: "none",
      values: { from: "grid" },
    });
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...this.menu.querySelectorAll("a, button")];
    const at = items.indexOf(document.activeElement);
    items[(at + step + items.length) % items.length].focus();
  }
}

customElements.define("card-menu", CardMenu);
