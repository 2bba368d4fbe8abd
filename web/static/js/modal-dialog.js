// <modal-dialog>: opens its <dialog> when it arrives (`open-now`) or when its `for` button is pressed.
class ModalDialog extends HTMLElement {
  connectedCallback() {
    const dialog = this.querySelector("dialog");
    if (!dialog) return;
    this.opener = document.activeElement;
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
    if (this.hasAttribute("open-now")) {
      dialog.addEventListener("close", () => this.leave());
      dialog.showModal();
    }
    this.stop = new AbortController();
    document.addEventListener(
      "click",
      (event) => {
        const button = event.target.closest("[data-dialog]");
        if (button?.dataset.dialog === dialog.id) dialog.showModal();
      },
      { signal: this.stop.signal },
    );
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  leave() {
    this.remove();
    if (this.opener?.isConnected) this.opener.focus();
  }
}

customElements.define("modal-dialog", ModalDialog);
