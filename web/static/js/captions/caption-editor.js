// <caption-editor>: cues that are saved as they are typed, beside the player and the sound.
import "./cue-wave.js";
import { conflict, told } from "./conflicts.js";
import { toolOf } from "./keys.js";
import { Rows, cueOf, text } from "./rows.js";
import { Saver } from "./saving.js";
import { secondsOf } from "./times.js";
import { focus, tools } from "./tools.js";
import { EditorView } from "./view.js";
import { Words } from "./words.js";

const TYPED_MS = 700;
const NEWS_MS = 400;

class CaptionEditor extends EditorView {
  connectedCallback() {
    this.stop = new AbortController();
    this.rows = new Rows(this.part("cues"), (...given) => conflict(this, ...given));
    this.saver = new Saver(this);
    this.words = new Words([]);
    this.changes = [];
    this.looked = new Set();
    this.media = this.querySelector("#editor-player :is(video, audio)");
    this.listen();
    this.choose(this.rows.items[0]);
    this.load();
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  listen() {
    const { signal } = this.stop;
    const on = (target, name, action) => target.addEventListener(name, action, { signal });
    on(this, "input", ({ target }) => target.matches("textarea") && this.type(target.closest("li")));
    on(this, "focusin", ({ target }) => target.matches("textarea") && this.choose(target.closest("li")));
    on(this, "focusout", ({ target }) => target.matches("textarea") && this.left(target.closest("li")));
    on(this, "change", ({ target }) => target.dataset.part in { start: 1, end: 1 } && this.typedTime(target));
    on(this, "edge", ({ detail: { start, end } }) => this.retime({ start, end }));
    on(this, "click", (event) => this.click(event));
    on(this, "keydown", (event) => this.key(event));
    on(window, "beforeunload", (event) => this.busy && event.preventDefault());
    for (const name of ["captions-changed", "asset-changed"]) on(document.body, name, () => this.news(true));
    on(document.body, this.dataset.asset, () => this.news());
    for (const name of ["timeupdate", "seeked"]) if (this.media) on(this.media, name, () => this.follow());
  }

  async load() {
    const answer = await fetch(`${this.dataset.url}/words`).catch(() => undefined);
    if (answer?.ok && !answer.redirected) this.words = new Words((await answer.json()).words);
    this.choose(this.current);
    this.dataset.ready = "";
  }

  get busy() {
    return this.saver.waiting > 0 || this.rows.dirty.length > 0 || this.querySelector("[data-draft]") !== null;
  }

  key(event) {
    const inside = event.target.closest("dialog, [popover]:popover-open");
    const tool = toolOf(event);
    if (!tool || inside || event.isComposing) return;
    if (event.key === "Enter" && !event.target.matches("textarea")) return;
    event.preventDefault();
    this.use(tool);
  }

  click(event) {
    const { target } = event;
    if (target.closest("[data-play]")) this.play(Number(target.closest("li").dataset.start));
    if (target.closest("[data-at]")) this.play(Number(target.closest("[data-at]").dataset.at));
    const tool = target.closest("[data-tool]")?.dataset.tool;
    if (tool in tools) this.use(tool);
  }

  // Tools that ask in a dialog are links and buttons of the page.
  async use(tool) {
    if (tool in tools) return tools[tool](this);
    await this.flush();
    return this.querySelector(`[data-tool="${tool}"]`)?.click();
  }

  type(row) {
    row.dirty = true;
    if (row.held) return;
    row.querySelector(".cue__told")?.remove();
    this.part("told").hidden = true;
    this.say("saving");
    clearTimeout(row.typing);
    row.typing = setTimeout(() => this.save(row), TYPED_MS);
  }

  left(row) {
    if (row.gone) return;
    if (row.dirty) this.save(row);
    else if (row.dataset.draft !== undefined) row.remove();
    else text(row).value = text(row).defaultValue;
  }

  // What was typed in a row goes out; a draft becomes a cue.
  async save(row) {
    clearTimeout(row.typing);
    if (!row.dirty || row.held || row.gone || !row.isConnected) return;
    const draft = row.dataset.draft !== undefined;
    const done = await this.saver.send(() => {
      if (!row.dirty || row.held) return undefined;
      row.dirty = false;
      const cue = cueOf(row);
      return [{ kind: "splice", before: draft ? [] : [cue], after: [{ ...cue, text: text(row).value }] }];
    });
    if (!done) return;
    const fine = this.take(done, row);
    if (fine && draft) this.settle(row);
    if (fine && row === this.current) this.choose(row);
  }

  settle(draft) {
    const row = this.rows.at(Number(draft.dataset.start) + 0.0005);
    const { value, selectionStart } = text(draft);
    draft.gone = true;
    if (draft.dirty) {
      text(row).value = value;
      this.type(row);
    }
    if (document.activeElement === text(draft)) focus(row, selectionStart);
    draft.remove();
  }

  async flush() {
    await Promise.all(this.rows.dirty.map((row) => this.save(row)));
    await this.saver.chain;
  }

  // One change that is about a row; `make` gets its cue as the server has it by then.
  async change(row, make) {
    if (row.dataset.draft !== undefined) return false;
    await this.flush();
    return this.send(() => [make([cueOf(row)])]);
  }

  async send(make, options) {
    const done = await this.saver.send(make);
    const fine = done && this.take(done, undefined, options);
    if (fine) this.choose(this.current.isConnected ? this.current : this.rows.items[0]);
    return fine;
  }

  retime(times) {
    const row = this.current;
    return this.change(row, (before) => ({ kind: "splice", before, after: [{ ...before[0], ...times }] }));
  }

  typedTime(field) {
    const seconds = secondsOf(field.value);
    if (seconds === undefined) this.toast(this.dataset.time);
    else this.retime({ [field.dataset.part]: seconds });
  }

  // The server's answer; true when it was done. What was typed in `row` is kept when it was not.
  take({ status, body }, row, { keep = true } = {}) {
    if (status === 200) {
      if (body.first === undefined) this.renew(body);
      else this.rows.splice(body.first, body.gone, body.rows);
      if (keep && body.before && body.before.length + body.after.length) this.changes.push(body);
      this.saved();
      return true;
    }
    if (row) row.dirty = true;
    if (status === 412) this.renew(body);
    const sentence = `${this.dataset.refused} ${body.problem ?? status}`;
    if (row?.isConnected && status !== 412) told(row, sentence);
    else if (!row) this.toast(sentence);
    this.told();
    return false;
  }

  renew({ rows, who }) {
    this.rows.sync(rows);
    if (who) this.note(this.dataset.other.replace("NAME", who));
    this.choose(this.current.isConnected ? this.current : this.rows.items[0]);
    this.saved();
  }

  news(fromDialog = false) {
    if (fromDialog) for (const dialog of this.querySelectorAll("dialog[open]")) dialog.close();
    clearTimeout(this.coming);
    this.coming = setTimeout(() => this.saver.look(), fromDialog ? 0 : NEWS_MS);
  }

  told() {
    if (this.saver.waiting > 0) return;
    const { dirty } = this.rows;
    const stuck = dirty.some((row) => row.querySelector(".cue__told"));
    this.say(stuck ? "unsaved" : dirty.length ? "saving" : "saved");
  }
}

customElements.define("caption-editor", CaptionEditor);
