// <search-box>: the library's search field. `/` leads to it from anywhere, Escape empties it.
class SearchBox extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.input.addEventListener("keydown", (event) => this.leave(event), { signal });
    document.addEventListener("keydown", (event) => this.enter(event), { signal });
    document.addEventListener("htmx:after:swap", () => this.show(), { signal });
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  enter(event) {
    const busy = event.target.closest("input, textarea, select, dialog, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || busy) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  }

  leave(event) {
    if (event.key !== "Escape" || event.isComposing || !this.input.value) return;
    event.preventDefault();
    this.input.value = "";
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // What the server made of the box, for instance without an operator whose chip was removed;
  // never under the hands of somebody who writes.
  show() {
    const typed = document.getElementById("chips")?.dataset.typed;
    if (typed === undefined || document.activeElement === this.input) return;
    this.input.value = typed;
  }
}

customElements.define("search-box", SearchBox);
