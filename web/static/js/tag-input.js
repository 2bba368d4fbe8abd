// <tag-input>: a field of comma-separated tags as chips and a combobox with suggestions.
const PAUSE_MS = 120;
let numbers = 0;

class TagInput extends HTMLElement {
  connectedCallback() {
    if (this.field) return;
    this.field = this.querySelector("input");
    this.hidden_ = make("input", { type: "hidden", name: this.field.name });
    this.field.removeAttribute("name");
    this.chips = make("ul", { className: "tag-input__chips", ariaLabel: this.dataset.chosen });
    this.list = make("ul", { className: "tag-input__list", role: "listbox", hidden: true });
    this.list.id = `tag-options-${(numbers += 1)}`;
    this.list.ariaLabel = this.dataset.list;
    this.said = make("span", { className: "hidden-visually", role: "status" });
    this.field.before(this.chips);
    this.append(this.hidden_, this.list, this.said);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id,
    })) this.field.setAttribute(name, value);
    const typed = this.field.value;
    this.field.value = "";
    this.tags = [];
    for (const tag of typed.split(",")) this.add(tag, false);
    this.classList.add("tag-input--on");
    this.addEventListener("click", (event) => this.click(event));
    this.addEventListener("pointerdown", (event) => {
      if (event.target.closest(".option")) event.preventDefault(); // the field keeps the focus
    });
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("blur", () => this.close());
  }

  disconnectedCallback() {
    clearTimeout(this.pause);
    this.asking?.abort();
  }

  get active() {
    return this.list.querySelector('[aria-selected="true"]');
  }

  add(text, aloud = true) {
    const tag = text.replace(/\s+/g, " ").trim();
    this.field.value = "";
    this.close();
    if (tag && this.tags.some((each) => each.toLowerCase() === tag.toLowerCase())) {
      if (aloud) this.say("twice", tag);
    } else if (tag) {
      this.tags.push(tag);
      const button = make("button", { type: "button", className: "tag-input__remove" });
      button.ariaLabel = this.dataset.remove.replace("{tag}", tag);
      const chip = make("li", { className: "tag-input__chip" });
      chip.dataset.chip = tag;
      chip.append(make("span", { textContent: tag }), button);
      this.chips.append(chip);
      if (aloud) this.say("added", tag);
    }
    this.keep(aloud);
  }

  remove(tag) {
    this.tags = this.tags.filter((each) => each !== tag);
    [...this.chips.children].find((chip) => chip.dataset.chip === tag)?.remove();
    this.say("removed", tag);
    this.keep(true);
    this.field.focus();
  }

  // What is typed and not added yet is sent too: nobody loses a word for want of a comma.
  keep(changed) {
    this.chips.hidden = !this.tags.length;
    this.hidden_.value = [...this.tags, this.field.value.trim()].filter(Boolean).join(", ");
    if (changed) this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  say(what, tag) {
    this.said.textContent = this.dataset[what].replace(/\{\w+\}/, tag);
  }

  click({ target }) {
    const option = target.closest(".option");
    const chip = target.closest("button")?.closest("[data-chip]");
    if (option) this.add(option.dataset.tag);
    if (chip) this.remove(chip.dataset.chip);
    else this.field.focus();
  }

  typed() {
    const parts = this.field.value.split(",");
    const rest = parts.pop();
    for (const part of parts) this.add(part);
    if (parts.length) this.field.value = rest.trimStart();
    this.keep(false);
    clearTimeout(this.pause);
    this.pause = setTimeout(() => (this.field.value.trim() ? this.ask() : this.close()), PAUSE_MS);
  }

  press(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const open = !this.list.hidden;
    if (step && open) this.move(step);
    else if (step === 1) this.ask();
    else if (event.key === "Enter" && (this.active || this.field.value.trim()))
      this.add(this.active?.dataset.tag ?? this.field.value);
    else if (event.key === "Escape" && open) this.close();
    else if (event.key === "Backspace" && !this.field.value && this.tags.length)
      this.remove(this.tags.at(-1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  move(step) {
    const options = [...this.list.children];
    const at = options.indexOf(this.active);
    const next = at < 0 && step < 0 ? options.at(-1) : options[(at + step + options.length) % options.length];
    for (const option of options) option.setAttribute("aria-selected", String(option === next));
    this.field.setAttribute("aria-activedescendant", next.id);
    next.scrollIntoView({ block: "nearest" });
  }

  async ask() {
    const text = this.field.value.trim();
    this.asking?.abort();
    this.asking = new AbortController();
    const words = new URLSearchParams([["q", text], ...this.tags.map((tag) => ["taken", tag])]);
    try {
      const reply = await fetch(`${this.dataset.suggest}?${words}`, { signal: this.asking.signal });
      if (reply.ok && !reply.redirected) this.show(await reply.text());
    } catch (error) {
      // Without suggestions the field is as good as any.
      if (error.name !== "AbortError") this.close();
    }
  }

  show(html) {
    if (document.activeElement !== this.field) return;
    this.close();
    this.list.innerHTML = html;
    [...this.list.children].forEach((option, at) => (option.id = `${this.list.id}-${at}`));
    if (!this.list.children.length) return;
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.say("found", this.list.children.length);
  }

  close() {
    clearTimeout(this.pause);
    this.asking?.abort();
    this.list.hidden = true;
    this.list.replaceChildren();
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }
}

function make(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

customElements.define("tag-input", TagInput);
