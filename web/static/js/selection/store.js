// The selection is kept on the server; this is what the page knows of it. It is painted at once and
// told to the server in batches; the server's answer says how many there are.
const BATCH_MS = 80;

class Selection extends EventTarget {
  count = 0;
  #chosen = new Set(); // of the items that are on the page
  #waiting = new Map(); // asset id → selected, not told yet
  #telling = new Map(); // the same, told and not answered yet
  #met = new Set();
  #timer;
  #sent = Promise.resolve();
  #place = null; // the <selection-bar>, which knows the addresses

  attach(place) {
    this.#place = place;
    this.count = Number(place.dataset.count);
  }

  has(id) {
    return this.#chosen.has(id);
  }

  /** Items have come onto the page: which of them are selected is asked for once for all. */
  meet(ids) {
    if (!this.count) return;
    if (!this.#met.size) setTimeout(() => this.#ask());
    for (const id of ids) this.#met.add(id);
  }

  #ask() {
    const ids = [...this.#met];
    this.#met.clear();
    if (this.#waiting.size) this.#flush();
    this.#send(this.#place.dataset.changes, { shown: ids }, true);
  }

  // Which of `shown` the server has as selected.
  #learn(shown, selected) {
    const news = new Set(selected);
    for (const id of shown) {
      const on = this.#waiting.get(id) ?? this.#telling.get(id) ?? news.has(id);
      if (on) this.#chosen.add(id);
      else this.#chosen.delete(id);
    }
  }

  /** Select `add`, unselect `remove`: painted now, kept within a moment. */
  change(add, remove = []) {
    const changed = [...this.#mark(add, true), ...this.#mark(remove, false)];
    if (!changed.length) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), BATCH_MS);
    this.#tell(changed);
  }

  /** Select exactly `ids`. */
  replace(ids) {
    this.#forget();
    this.#chosen = new Set(ids);
    this.count = ids.length;
    this.#tell(null);
    return this.#send(this.#place.dataset.changes, { clear: true, add: ids, shown: shown() });
  }

  clear() {
    this.#forget();
    this.#chosen.clear();
    this.count = 0;
    this.#tell(null);
    return this.#send(this.#place.dataset.clear, { shown: shown() });
  }

  /** Everything that the filter in `address` finds, loaded or not. */
  async all(address) {
    await this.settled();
    return this.#send(this.#place.dataset.all + address, { shown: shown() });
  }

  /** Ask again: another tab, or a filter, may have changed it. */
  async refresh() {
    await this.settled();
    return this.#send(this.#place.dataset.changes, { shown: shown() }, true);
  }

  /** Resolves when the server knows all that was chosen. */
  async settled() {
    if (this.#waiting.size) this.#flush();
    await this.#sent;
  }

  // A page that is being left still says what was chosen last.
  leave() {
    if (this.#waiting.size) this.#flush();
  }

  #mark(ids, on) {
    const changed = ids.filter((id) => this.#chosen.has(id) !== on);
    for (const id of changed) {
      this.#waiting.set(id, on);
      if (on) this.#chosen.add(id);
      else this.#chosen.delete(id);
    }
    this.count = Math.max(0, this.count + (on ? changed.length : -changed.length));
    return changed;
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#waiting.clear();
    this.#telling.clear();
  }

  #flush() {
    clearTimeout(this.#timer);
    const told = [...this.#waiting];
    this.#waiting.clear();
    for (const [id, on] of told) this.#telling.set(id, on);
    const add = told.filter(([, on]) => on).map(([id]) => id);
    const remove = told.filter(([, on]) => !on).map(([id]) => id);
    this.#send(this.#place.dataset.changes, { add, remove });
  }

  // A later word on the same file is still to be answered.
  #answered({ add = [], remove = [] }) {
    for (const id of add) if (this.#telling.get(id) === true) this.#telling.delete(id);
    for (const id of remove) if (this.#telling.get(id) === false) this.#telling.delete(id);
  }

  // One after another, so that the last word is the last one said.
  #send(address, body = {}, quiet = false) {
    this.#sent = this.#sent.then(() => this.#post(address, body, quiet));
    return this.#sent;
  }

  async #post(address, body, quiet) {
    const { context, csrf } = this.#place.dataset;
    try {
      const answer = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
        body: JSON.stringify({ context, ...body }),
        keepalive: JSON.stringify(body).length < 60_000,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      this.#answered(body);
      this.#hear(await answer.json(), body.shown);
    } catch {
      if (!quiet) this.#failed();
    }
  }

  #hear({ selected, ...said }, asked) {
    if (asked) this.#learn(asked, selected);
    // What was chosen meanwhile is not in this answer.
    if (!this.#waiting.size && !this.#telling.size) this.count = said.count;
    this.dispatchEvent(new CustomEvent("kept", { detail: said }));
    if (asked) this.#tell(null);
  }

  #failed() {
    this.dispatchEvent(new CustomEvent("failed"));
    this.#forget();
    // Not through the queue, which this answer is part of.
    this.#post(this.#place.dataset.changes, { shown: shown() }, true);
  }

  // `ids` are those that changed; null means any may have.
  #tell(ids) {
    this.dispatchEvent(new CustomEvent("change", { detail: ids }));
  }
}

function shown() {
  return [...document.querySelectorAll("card-grid [data-asset]")].map(({ dataset }) => dataset.asset);
}

export const selection = new Selection();
