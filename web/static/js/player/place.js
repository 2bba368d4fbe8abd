// Where playing begins, is left and ends: links to a time, the remembered place, parts of a lesson.
import { leave, placeOf } from "./memory.js";
import { clock, fill, parse } from "./times.js";

const KEEP_EVERY_S = 5;

export class Place {
  constructor(player, file) {
    this.player = player;
    this.media = player.media;
    const part = /#t=([\d.]*)(?:,([\d.]+))?$/.exec(file);
    const { searchParams } = new URL(location.href);
    this.linked = "deep" in player.dataset ? parse(searchParams.get("t") ?? "") : null;
    this.first = this.linked ?? Number(part?.[1] ?? 0);
    this.end = Number(part?.[2] ?? Infinity);
    this.kept = 0;
  }

  begin(signal) {
    const { player, media } = this;
    const left = placeOf(player.dataset.place);
    if (this.first) this.to(this.first);
    if (left && this.linked === null && media.paused) this.ask(left, signal);
    const keep = () => this.keep();
    media.addEventListener("timeupdate", () => this.tick(), { signal });
    media.addEventListener("pause", keep, { signal });
    window.addEventListener("pagehide", keep, { signal });
    signal.addEventListener("abort", keep);
  }

  // Before anything is known of the file, the element keeps the second until it is.
  to(seconds) {
    const { media } = this;
    media.currentTime = seconds;
    const again = () => Math.abs(media.currentTime - seconds) > 1 && (media.currentTime = seconds);
    media.addEventListener("loadedmetadata", again, { once: true });
  }

  ask(seconds, signal) {
    const asked = this.player.querySelector(".player__resume");
    asked.querySelector("span").textContent = fill(this.player.words.resume, { time: clock(seconds) });
    asked.hidden = false;
    asked.addEventListener(
      "click",
      ({ target }) => {
        const { act } = target.closest("button").dataset;
        asked.hidden = true;
        this.player.controls.focus();
        if (act !== "resume") return;
        this.player.go(seconds);
        this.media.play().catch(() => {});
      },
      { signal },
    );
    this.media.addEventListener("play", () => (asked.hidden = true), { signal, once: true });
  }

  tick() {
    const { currentTime, paused } = this.media;
    if (!paused && currentTime >= this.end) {
      this.media.pause();
      this.end = Infinity;
      this.player.say(this.player.words.over);
    }
    if (Math.abs(currentTime - this.kept) >= KEEP_EVERY_S && !paused) this.keep();
  }

  keep() {
    if (!this.media.played.length) return;
    this.kept = this.media.currentTime;
    leave(this.player.dataset.place, this.kept, Math.min(this.end, this.media.duration));
  }

  get link() {
    const address = new URL(this.player.dataset.link);
    address.searchParams.set("t", Math.floor(this.media.currentTime));
    return address.href;
  }
}
