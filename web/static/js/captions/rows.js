// The rows of the editor: what each is as the server knows it, and changing them without losing
// the focus or what is being typed.
import { clock } from "./times.js";

export const text = (row) => row.querySelector("textarea");

// The cue as it was saved last.
export function cueOf(row) {
  const { start, end, speaker = "", settings = "" } = row.dataset;
  return { start: Number(start), end: Number(end), text: text(row).defaultValue, speaker, settings };
}

const keyOf = (row) => `${row.dataset.start} ${row.dataset.end} ${text(row).defaultValue}`;

// As the server keeps a text.
const tidy = (words) =>
  words
    .split("\n")
    .map((line) => line.trim().replace(/\s+/g, " "))
    .filter(Boolean)
    .join("\n");

export class Rows {
  constructor(list, onConflict) {
    this.list = list;
    this.onConflict = onConflict;
    this.read();
  }

  // A draft is not a cue yet.
  read() {
    this.items = [...this.list.children].filter((row) => row.dataset.draft === undefined);
  }

  // The last row that begins at or before a time.
  at(seconds) {
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(this.items[middle].dataset.start) <= seconds) low = middle + 1;
      else high = middle;
    }
    return this.items[low - 1];
  }

  near(row, by) {
    const rows = row.dataset.draft === undefined ? this.items : [...this.list.children];
    return rows[rows.indexOf(row) + by];
  }

  get dirty() {
    return this.items.filter((row) => row.dirty);
  }

  // `gone` rows from `first` on become those of `html`; rows are used again where they can be.
  splice(first, gone, html) {
    const come = parsed(html);
    const kept = Math.min(gone, come.length);
    for (let i = 0; i < kept; i += 1) update(this.items[first + i], come[i]);
    for (const row of this.items.slice(first + kept, first + gone)) row.remove();
    const next = this.items[first + gone];
    for (const row of come.slice(kept)) {
      if (next) next.before(row);
      else this.list.append(row);
    }
    this.read();
  }

  // All rows as the server has them; what is being typed stays, or is told to be in conflict.
  sync(html) {
    const fresh = parsed(html);
    const [old, now] = [this.items.map(keyOf), fresh.map(keyOf)];
    let first = 0;
    while (first < Math.min(old.length, now.length) && old[first] === now[first]) first += 1;
    let last = 0;
    while (last < Math.min(old.length, now.length) - first && old.at(-1 - last) === now.at(-1 - last)) last += 1;
    const stretch = this.items.slice(first, old.length - last);
    const typed = stretch.filter((row) => row.dirty || row.contains(document.activeElement)).map(snapshot);
    for (const row of stretch) row.dirty = false;
    const rest = document.createElement("template");
    rest.content.append(...fresh.slice(first, fresh.length - last));
    this.splice(first, stretch.length, rest);
    for (const each of typed) this.putBack(each);
  }

  putBack({ key, cue, value, dirty, selection }) {
    const same = this.items.find((row) => keyOf(row) === key);
    const row = same ?? this.overlapping(cue);
    if (row && dirty && tidy(text(row).defaultValue) !== tidy(value)) {
      text(row).value = value;
      row.dirty = true;
      if (!same) this.onConflict(row, cue, value);
    } else if (!row && dirty) {
      this.onConflict(undefined, cue, value);
    }
    if (row && selection) {
      text(row).focus({ preventScroll: true });
      text(row).setSelectionRange(...selection);
    }
  }

  overlapping({ start, end }) {
    const row = this.at(end - 0.001);
    return row && Number(row.dataset.end) > start ? row : undefined;
  }
}

function parsed(html) {
  if (html instanceof HTMLTemplateElement) return [...html.content.children];
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children];
}

function snapshot(row) {
  const field = text(row);
  const focused = document.activeElement === field;
  return {
    key: keyOf(row),
    cue: cueOf(row),
    value: field.value,
    dirty: row.dirty,
    selection: focused ? [field.selectionStart, field.selectionEnd] : undefined,
  };
}

function update(row, fresh) {
  const [field, other] = [text(row), text(fresh)];
  for (const name of ["speaker", "settings"]) delete row.dataset[name];
  const { start, end, speaker, settings } = fresh.dataset;
  Object.assign(row.dataset, { start, end }, speaker && { speaker }, settings && { settings });
  field.defaultValue = other.defaultValue;
  field.setAttribute("aria-label", other.getAttribute("aria-label"));
  // A space at the end is not taken from under the cursor.
  const typing = document.activeElement === field && tidy(field.value) === other.defaultValue;
  if (!row.dirty && !typing) field.value = other.defaultValue;
  for (const child of [...row.children]) if (child !== field) child.remove();
  const [time, ...others] = [...fresh.children].filter((child) => child !== other);
  field.before(time);
  field.after(...others);
}

// A row for a cue that has no text yet, after another.
export function draftAfter(row, start, end) {
  const draft = row.cloneNode(true);
  for (const name of ["current", "playing"]) delete draft.dataset[name];
  Object.assign(draft.dataset, { start, end, draft: "" });
  text(draft).defaultValue = text(draft).value = "";
  draft.querySelector("[data-play]").textContent = clock(start);
  for (const part of draft.querySelectorAll(".cue__advice, .cue__told")) part.remove();
  row.after(draft);
  return draft;
}
