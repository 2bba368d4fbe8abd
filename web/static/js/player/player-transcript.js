// <player-transcript>: the sentences of the captions that were chosen. It follows the player without
// taking the focus, until a reader scrolls; a sentence goes to its second; words are searched.
import { marked, plain, sentencesOf } from "./sentences.js";
import { clock, fill } from "./times.js";

class PlayerTranscript extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.player = this.closest("lectern-player");
    this.media = this.player.querySelector("video, audio");
    this.lines = this.querySelector("ol");
    this.follow = this.querySelector("[data-follow]");
    this.search = this.querySelector("input");
    this.sentences = [];
    this.now = -1;
    const listen = (target, name, act) => target.addEventListener(name, act, { signal });
    listen(this.media, "timeupdate", () => this.tick());
    listen(this.player, "captions", () => this.choose());
    listen(this.follow, "click", () => this.setFollow(!this.follows));
    for (const name of ["wheel", "touchmove", "pointerdown"]) {
      this.lines.addEventListener(name, () => this.setFollow(false), { signal, passive: true });
    }
    listen(this.lines, "keydown", (event) => this.key(event));
    listen(this.lines, "click", (event) => this.pick(event));
    listen(this.search, "input", () => this.find());
    listen(this.search, "keydown", (event) => {
      if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
    });
    this.choose();
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  // The captions that are shown, else the first ones, which are loaded for it.
  choose() {
    const tracks = [...this.media.querySelectorAll("track[kind=captions]")];
    const chosen = tracks.find(({ track }) => track.mode === "showing") ?? this.shown ?? tracks[0];
    if (!chosen || chosen === this.shown) return;
    this.shown = chosen;
    if (chosen.track.mode === "disabled") chosen.track.mode = "hidden";
    if (chosen.readyState === HTMLTrackElement.LOADED) this.draw();
    else chosen.addEventListener("load", () => chosen === this.shown && this.draw(), { once: true });
  }

  draw() {
    this.sentences = sentencesOf(this.shown.track.cues);
    this.lines.lang = this.shown.srclang;
    this.lines.replaceChildren(...this.sentences.map((each, number) => this.line(each, number)));
    this.now = -1;
    this.find();
    this.tick();
  }

  line({ start, text, speaker }, number) {
    const [item, button, time, words] = ["li", "button", "time", "span"].map((name) =>
      document.createElement(name),
    );
    time.textContent = clock(start);
    Object.assign(words, { textContent: text, dir: "auto" });
    Object.assign(button, { type: "button", className: "transcript__line", tabIndex: number ? -1 : 0 });
    button.append(time, words);
    if (speaker !== this.sentences[number - 1]?.speaker) words.before(...named(speaker));
    item.append(button);
    return item;
  }

  get buttons() {
    return [...this.lines.querySelectorAll("button")];
  }

  get follows() {
    return this.follow.getAttribute("aria-pressed") === "true";
  }

  setFollow(on) {
    this.follow.setAttribute("aria-pressed", on);
    if (on) this.reveal(this.now);
  }

  tick() {
    const at = this.media.currentTime + 0.05;
    const now = this.sentences.findLastIndex(({ start }) => start <= at);
    if (now === this.now) return;
    this.lines.children[this.now]?.firstChild.removeAttribute("aria-current");
    this.lines.children[now]?.firstChild.setAttribute("aria-current", "true");
    this.now = now;
    if (this.follows) this.reveal(now);
  }

  // By hand: scrollIntoView would move the page as well.
  reveal(number) {
    const line = this.lines.children[number];
    if (!line) return;
    const middle = line.offsetTop - (this.lines.clientHeight - line.offsetHeight) / 2;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.lines.scrollTo({ top: middle, behavior: still ? "instant" : "smooth" });
  }

  pick({ target }) {
    const number = this.buttons.indexOf(target.closest("button"));
    if (number < 0) return;
    this.rove(number);
    this.player.go(this.sentences[number].start);
    this.setFollow(true);
  }

  key(event) {
    const at = this.buttons.indexOf(document.activeElement);
    const last = this.sentences.length - 1;
    const wanted = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    this.setFollow(false);
    this.rove(Math.min(last, Math.max(0, wanted))).focus();
  }

  // One stop of the Tab key for all of them.
  rove(number) {
    this.lines.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1);
    const button = this.buttons[number];
    button.tabIndex = 0;
    return button;
  }

  find() {
    const wanted = plain(this.search.value.trim());
    this.found = [];
    for (const [number, { text }] of this.sentences.entries()) {
      const parts = marked(text, wanted);
      if (parts.length > 1) this.found.push(number);
      this.lines.children[number].querySelector("span").replaceChildren(...parts);
    }
    this.at = -1;
    if (wanted) this.step(1, false);
    else this.tell("");
  }

  step(by, go = true) {
    const count = this.found.length;
    if (!count) return this.tell(this.search.value.trim() ? this.dataset.none : "");
    this.at = (this.at + by + count) % count;
    this.setFollow(false);
    this.reveal(this.found[this.at]);
    if (go) this.player.go(this.sentences[this.found[this.at]].start);
    this.tell(fill(this.dataset.found, { at: this.at + 1, count }));
  }

  tell(words) {
    this.querySelector("output").textContent = words;
  }
}

// Who speaks, where somebody else spoke before.
function named(speaker) {
  if (!speaker) return [];
  const name = document.createElement("strong");
  Object.assign(name, { textContent: speaker, dir: "auto" });
  return [name];
}

customElements.define("player-transcript", PlayerTranscript);
