// <field-rows>: fields edited in their place. Escape leaves a form, Ctrl+Enter saves it, a click on a
// value opens it. With `data-again`, rows that are not being edited follow what others change.
const PAUSE_MS = 300;

class FieldRows extends HTMLElement {
  connectedCallback() {
    if (this.stop) return;
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.addEventListener("keydown", (event) => this.press(event), { signal });
    this.addEventListener("click", (event) => this.click(event), { signal });
    // Neither bubbles: the dialog of a clash closes, and the text under it is gone on with.
    this.addEventListener("close", (event) => this.closed(event), { signal, capture: true });
    if (!this.dataset.again) return;
    const news = `asset-${this.dataset.assetPage}`;
    document.body.addEventListener(news, () => this.soon(), { signal });
  }

  disconnectedCallback() {
    clearTimeout(this.pause);
    this.stop?.abort();
    this.stop = undefined;
  }

  press(event) {
    const form = event.target.closest("form");
    if (!form || event.defaultPrevented || event.isComposing) return;
    const save = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    // Inside a dialog Escape is the dialog's.
    if (event.key === "Escape" && !event.target.closest("dialog")) {
      event.preventDefault();
      form.querySelector("[data-cancel]")?.click();
    } else if (save) {
      event.preventDefault();
      form.requestSubmit();
    }
  }

  click(event) {
    const value = event.target.closest(".field-row[data-editable] .field-row__value");
    if (!value || event.target.closest("a, button") || getSelection()?.type === "Range") return;
    value.parentElement.querySelector(".field-row__edit a")?.click();
  }

  closed(event) {
    const form = event.target.closest("form");
    setTimeout(() => form?.isConnected && form.querySelector("[autofocus]")?.focus());
  }

  soon() {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.refresh(), PAUSE_MS);
  }

  async refresh() {
    const headers = { "HX-Request": "true", "HX-Request-Type": "partial" };
    const reply = await fetch(this.dataset.again, { headers }).catch(() => undefined);
    if (!reply?.ok || !this.isConnected) return;
    const made = new DOMParser().parseFromString(await reply.text(), "text/html");
    const fresh = made.querySelector(".field-rows");
    if (!fresh) return;
    const rows = [...fresh.children].map((row) => this.kept(row));
    const list = this.querySelector(".field-rows");
    // What is being edited stays, also when its field has gone.
    rows.push(...[...list.children].filter((row) => busy(row) && !rows.includes(row)));
    if (rows.every((row, at) => row === list.children[at]) && rows.length === list.children.length) return;
    const focused = document.activeElement?.closest(".field-row")?.id;
    const held = this.contains(document.activeElement);
    // One that has the focus is not moved: that would take it away.
    for (const old of [...list.children]) if (!rows.includes(old)) old.remove();
    rows.forEach((row, at) => {
      if (list.children[at] === row) return;
      list.insertBefore(row, list.children[at] ?? null);
      window.htmx.process(row);
    });
    if (held && focused && !this.contains(document.activeElement))
      document.getElementById(focused)?.querySelector(".field-row__edit a")?.focus();
  }

  // The row on the page where nothing about it has changed, else the new one.
  kept(row) {
    const old = row.id && document.getElementById(row.id);
    if (!old || !this.contains(old)) return document.importNode(row, true);
    return busy(old) || words(old) === words(row) ? old : document.importNode(row, true);
  }
}

function busy(row) {
  return Boolean(row.querySelector("form"));
}

function words(row) {
  return row.textContent.replace(/\s+/g, " ").trim();
}

customElements.define("field-rows", FieldRows);
