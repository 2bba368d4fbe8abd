// <duplicate-question>: the dialog for a file that is in the library already. Its content, with the
// existing asset's poster and places, is a fragment of the server's.

class DuplicateQuestion extends HTMLElement {
  /** Ask about one file. Resolves with {choice: "existing"|"version"|"keep"|null, all}. */
  async ask(item, existing) {
    const dialog = this.querySelector("dialog");
    const before = document.activeElement;
    const address = this.dataset.source.replace("ASSET", existing.id);
    const more = item.batch.size > 1 ? 1 : 0;
    const query = new URLSearchParams({ name: item.name, more });
    await globalThis.htmx.ajax("GET", `${address}?${query}`, { target: dialog, swap: "innerHTML" });
    dialog.returnValue = "";
    dialog.showModal();
    dialog.querySelector("button[value=existing]")?.focus();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    before?.focus?.();
    const all = dialog.querySelector("input[name=all]")?.checked ?? false;
    return { choice: dialog.returnValue || null, all };
  }
}

customElements.define("duplicate-question", DuplicateQuestion);
