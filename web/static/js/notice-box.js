// <notice-box>: what holds a message that its close button takes away, giving focus back to the page.
class NoticeBox extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (!event.target.closest("[data-dismiss]")) return;
      this.remove();
      document.getElementById("main")?.focus({ preventScroll: true });
    });
  }
}

customElements.define("notice-box", NoticeBox);
