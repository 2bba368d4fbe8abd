// <toast-list>: shows `toast` events ({text, undo?}) for a while; Undo POSTs to its address. Tells
// too when a request of the page got no answer.
const SHOWN_MS = 7000;

class ToastList extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const listen = (name, action) =>
      document.body.addEventListener(name, action, { signal: this.stop.signal });
    listen("toast", (event) => this.show(event.detail));
    // A TypeError is what fetch throws when no answer came. It is said once, until one comes, and
    // only to someone who did something: what pages ask by themselves is asked again anyway.
    listen("htmx:error", ({ detail: { error, ctx } }) => {
      if (error instanceof TypeError && ctx?.sourceEvent?.isTrusted && !this.away?.isConnected)
        this.away = this.show({ text: this.dataset.away, danger: true });
    });
    listen("htmx:before:response", () => this.away?.remove());
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
    return toast;
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
