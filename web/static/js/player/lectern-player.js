// <lectern-player>: a video or recording with all that a learner needs. media-chrome draws the
// controls; this joins them with streams, captions, keys and what the browser remembers.
import { Chapters } from "./chapters.js";
import { press } from "./keys.js";
import "./original-offer.js";
import { Place } from "./place.js";
import "./player-transcript.js";
import { Settings } from "./settings.js";
import { Source } from "./sources.js";

const SAID_MS = 1800;

class LecternPlayer extends HTMLElement {
  async connectedCallback() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.controls = this.querySelector("media-controller");
    this.media = this.controls.querySelector("video, audio");
    this.words = JSON.parse(this.dataset.words);
    const source = new Source(this.media, this.dataset);
    this.settings = new Settings(this, source);
    this.place = new Place(this, source.file);
    this.chapters = new Chapters(this);
    source.onbroken = () => this.say(this.words.fallback);
    source.onfailed = () => (this.querySelector(".player__failed").hidden = false);
    this.menu = this.settings.menu;
    this.querySelector("[data-act=menu]").popoverTargetElement = this.menu;
    this.addEventListener("keydown", (event) => press(this, event), { signal });
    this.addEventListener("click", (event) => this.act(event), { signal });
    this.chapters.begin(signal);
    this.settings.begin(signal);
    this.near(signal, () => this.begin(source, signal));
    await customElements.whenDefined("media-controller");
    // It calls each one “video player”, so that several on a page could not be told apart.
    this.controls.setAttribute("aria-label", this.dataset.name);
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  // A page of many players loads what is looked at.
  near(signal, then) {
    const look = ([entry]) => {
      if (!entry.isIntersecting) return;
      seen.disconnect();
      then();
    };
    const seen = new IntersectionObserver(look, { rootMargin: "200px" });
    seen.observe(this);
    signal.addEventListener("abort", () => seen.disconnect());
  }

  async begin(source, signal) {
    await source.begin(this.place.first, signal);
    if (!signal.aborted) this.place.begin(signal);
  }

  act({ target }) {
    const act = target.closest("[data-act]")?.dataset.act;
    if (act === "captions") this.settings.toggleCaptions();
    else if (act === "copy") this.copy();
    else if (act === "help") this.help();
    else if (act === "close-help") this.querySelector(".player-help").close();
  }

  toggle() {
    if (this.media.paused) this.media.play().catch(() => {});
    else this.media.pause();
  }

  go(seconds) {
    const last = this.media.duration || seconds;
    this.media.currentTime = Math.min(last, Math.max(0, seconds));
  }

  skip(seconds) {
    this.go(this.media.currentTime + seconds);
  }

  turn(share) {
    this.media.volume = Math.min(1, Math.max(0, this.media.volume + share));
    this.media.muted = false;
    this.say(`${Math.round(this.media.volume * 100)} %`);
  }

  mute() {
    this.media.muted = !this.media.muted;
    this.say(this.media.muted ? this.words.muted : this.words.unmuted);
  }

  press(name) {
    this.controls.querySelector(name)?.click();
  }

  help() {
    this.menu.hidePopover();
    const dialog = this.querySelector(".player-help");
    if (!dialog.open) dialog.showModal();
  }

  async copy() {
    const { link } = this.place;
    const menu = this.menu;
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      copyOld(menu, link); // without https there is no clipboard API
    }
    menu.hidePopover();
    this.say(this.words.copied);
  }

  say(text) {
    const said = this.querySelector(".player__said");
    said.textContent = text;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => (said.textContent = ""), SAID_MS);
  }
}

function copyOld(where, text) {
  const field = document.createElement("textarea");
  field.value = text;
  where.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

customElements.define("lectern-player", LecternPlayer);
