// <filter-panel>: the library's filters. Their choices are a form's; here they open and close, follow
// what the server says holds (#chips data-form), and keep the focus where a chip was.
class FilterPanel extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.addEventListener("click", (event) => this.click(event), { signal });
    this.addEventListener("keydown", (event) => this.key(event), { signal });
    this.addEventListener("input", (event) => this.typed(event.target), { signal });
    this.addEventListener("toggle", (event) => this.toggled(event), { capture: true, signal });
    document.addEventListener("pointerdown", (event) => this.outside(event), { signal });
    document.addEventListener("htmx:after:swap", () => this.follow(), { signal });
    // The menus have a name to open one at a time: it is no value of the form.
    this.addEventListener("htmx:config:request", ({ detail }) => detail.ctx.request.body?.delete?.("filter-menu"), { signal });
    this.shown = this.querySelector("#chips");
    this.count();
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  click(event) {
    const chip = event.target.closest(".holding");
    if (chip) this.left = [...this.querySelectorAll(".holding")].indexOf(chip);
    if (event.target.closest("[data-open-filters]")) this.open(!this.hasAttribute("data-open"));
    if (event.target.closest("[data-close-filters]")) {
      this.open(false);
      this.opener.focus();
      document.getElementById("results").scrollIntoView({ block: "nearest" });
    }
  }

  open(on) {
    this.toggleAttribute("data-open", on);
    this.opener.setAttribute("aria-expanded", String(on));
  }

  get opener() {
    return this.querySelector("[data-open-filters]");
  }

  // On a wide page a menu is closed by whatever happens elsewhere.
  outside(event) {
    if (!this.wide) return;
    for (const menu of this.querySelectorAll("details[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  }

  get wide() {
    return this.opener.offsetParent === null;
  }

  toggled({ target }) {
    if (!target.open || !target.matches("details")) return;
    const { left } = target.getBoundingClientRect();
    target.toggleAttribute("data-end", left > innerWidth / 2);
    target.querySelector("[data-find]")?.focus();
  }

  key(event) {
    const menu = event.target.closest("details[open]");
    if (!menu) return;
    const find = event.target.matches("[data-find]");
    if (event.key === "Escape") {
      event.preventDefault();
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (find && (event.key === "Enter" || event.key === "ArrowDown")) {
      event.preventDefault();
      const first = menu.querySelector(".offer:not([hidden]) input");
      if (event.key === "Enter") first?.click();
      else first?.focus();
    } else if (event.target.type === "checkbox" && event.key.startsWith("Arrow")) {
      event.preventDefault();
      this.step(menu, event.target, event.key === "ArrowDown" || event.key === "ArrowRight");
    }
  }

  step(menu, from, forward) {
    const boxes = [...menu.querySelectorAll(".offer:not([hidden]) input")];
    const to = boxes[boxes.indexOf(from) + (forward ? 1 : -1)];
    (to ?? (forward ? from : menu.querySelector("[data-find]")))?.focus();
  }

  typed(input) {
    if (input.dataset.find) this.find(input);
    const own = input.dataset.own;
    if (own) this.form.querySelector(`input[name="${own}"][value="own"]`).checked = true;
  }

  find(input) {
    const sought = plain(input.value);
    for (const offer of document.getElementById(input.dataset.find).querySelectorAll(".offer")) {
      offer.hidden = !plain(offer.querySelector(".offer__label").textContent).includes(sought);
    }
  }

  // After any swap: what holds now is what the controls show.
  follow() {
    const chips = this.querySelector("#chips");
    for (const input of this.querySelectorAll("[data-find]")) if (input.value) this.find(input);
    // Numbers that come late are no reason to change what was chosen meanwhile.
    if (chips === this.shown) return;
    this.shown = chips;
    if (chips.dataset.form) this.apply(JSON.parse(chips.dataset.form));
    this.count();
    if (this.left === undefined) return;
    const left = this.querySelectorAll(".holding");
    (left[Math.min(this.left, left.length - 2)] ?? this.querySelector("[data-search]")).focus();
    this.left = undefined;
  }

  apply(form) {
    for (const control of this.form.elements) {
      const values = form[control.name];
      if (!values || control === document.activeElement && !("checked" in control)) continue;
      if (["radio", "checkbox"].includes(control.type)) control.checked = values.includes(control.value);
      else if (control.value !== values[0]) control.value = values[0] ?? "";
    }
  }

  // How many filters hold, on the button that hides them.
  count() {
    const number = this.querySelectorAll(".holding:not(.holding--clear)").length;
    this.opener.dataset.count = number || "";
  }
}

function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

customElements.define("filter-panel", FilterPanel);
