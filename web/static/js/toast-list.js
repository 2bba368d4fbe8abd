// <toast-list>: shows `toast` events ({text, undo?}) for a while; Undo POSTs to its address.
const SHOWN_MS = 7000;

class ToastList extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    document.body.addEventListener("toast", (event) => this.show(event.detail), {
      signal: this.stop.signal,
    });
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  show({ text, undo, danger }) {
    const toast = document.createElement("div");
    toast.className = danger ? "toast toast--danger" : "toast";
    const words = document.createElement("span");
    words.textContent = text;
    toast.append(words);
    if (undo) {
      toast.append(
        this.button(this.dataset.undo, () => {
          toast.remove();
          window.htmx.ajax("POST", undo, { source: this, target: this, swap: "none" });
        }),
      );
    }
    toast.append(this.button(this.dataset.close, () => toast.remove()));
    this.append(toast);
    this.expire(toast);
  }

  button(label, action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--small";
    button.textContent = label;
    button.addEventListener("click", action);
    return button;
  }

  // Nothing vanishes from under a pointer or the keyboard.
  expire(toast) {
    setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) this.expire(toast);
      else toast.remove();
    }, SHOWN_MS);
  }
}

customElements.define("toast-list", ToastList);
