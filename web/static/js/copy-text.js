// <copy-text><button type="button">…</button></copy-text>: copies `value`, says so for two seconds.
class CopyText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => this.copy());
  }

  async copy() {
    const text = this.getAttribute("value") ?? "";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.select(text); // without https there is no clipboard API
    }
    document.body.dispatchEvent(
      new CustomEvent("toast", { detail: { text: this.dataset.done ?? text } }),
    );
  }

  select(text) {
    const field = document.createElement("textarea");
    field.value = text;
    this.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

customElements.define("copy-text", CopyText);
