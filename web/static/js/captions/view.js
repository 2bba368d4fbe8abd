// What the editor shows besides its rows: the chosen cue, what is playing, and how saving goes.
import { cueOf, text } from "./rows.js";
import { clock } from "./times.js";
import { UNSURE } from "./words.js";

export class EditorView extends HTMLElement {
  part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }

  choose(row) {
    if (!row) return;
    if (this.current) delete this.current.dataset.current;
    this.current = row;
    row.dataset.current = "";
    const cue = cueOf(row);
    const [before, after] = [this.rows.near(row, -1), this.rows.near(row, 1)];
    const last = Math.max(cue.end + 60, this.media?.duration || 0);
    this.querySelector("cue-wave").show?.(cue, Number(before?.dataset.end ?? 0), Number(after?.dataset.start ?? last));
    for (const name of ["start", "end"]) this.part(name).value = clock(cue[name]);
    this.querySelector("#editor-from").value = cue.start;
    this.part("said").textContent = "";
    this.part("words").replaceChildren(...this.wordsOf(row).map(chip));
  }

  wordsOf(row) {
    return this.words.of(cueOf(row), text(row).value);
  }

  say(state) {
    this.part("saved").textContent = this.dataset[state];
    this.part("saved").dataset.state = state;
  }

  note(sentence) {
    this.part("told").textContent = sentence;
    this.part("told").hidden = false;
  }

  toast(sentence) {
    document.body.dispatchEvent(new CustomEvent("toast", { detail: { text: sentence } }));
  }

  // Reviewed is what is shown now, also before the state has been asked for again.
  saved() {
    const seen = document.querySelector("#caption-state [name=seen]");
    if (seen) seen.value = this.saver.seen;
    document.body.dispatchEvent(new CustomEvent("captions-saved"));
  }

  play(seconds) {
    if (!this.media || seconds === undefined) return;
    this.media.currentTime = seconds;
    this.media.play();
  }

  follow() {
    const now = this.media.currentTime;
    this.querySelector("cue-wave").at?.(now);
    const row = this.rows.at(now);
    const playing = row && Number(row.dataset.end) > now ? row : undefined;
    this.part("shown").textContent = playing ? text(playing).value : "";
    if (playing === this.playing) return;
    this.playing?.removeAttribute("data-playing");
    this.playing = playing;
    playing?.setAttribute("data-playing", "");
    const typing = document.activeElement?.matches("textarea, dialog *");
    if (playing && !typing && this.part("follow").checked) playing.scrollIntoView({ block: "nearest" });
  }
}

function chip({ word, at, sure }) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "timing__word", textContent: word });
  button.dataset.at = at;
  if (sure !== undefined && sure !== null && sure < UNSURE) button.dataset.unsure = "";
  return button;
}
