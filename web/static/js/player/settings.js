// What can be set at a player, and what of it the browser remembers.
import { choices, choose } from "./memory.js";
import { fill } from "./times.js";

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const LOOKS = ["size", "ink", "paper"];

export class Settings {
  constructor(player, source) {
    this.player = player;
    this.media = player.media;
    this.source = source;
    this.menu = player.querySelector(".player-menu");
    this.rate = 1;
    this.shown = "";
  }

  begin(signal) {
    const kept = choices();
    this.keys = kept.keys !== false;
    this.field("keys").checked = this.keys;
    this.media.playbackRate = RATES.includes(kept.rate) ? kept.rate : 1;
    for (const name of LOOKS) this.look(name, kept[name] ?? "");
    this.menu.addEventListener("change", (event) => this.set(event.target), { signal });
    this.media.addEventListener("ratechange", () => this.showRate(), { signal });
    this.media.textTracks.addEventListener("change", () => this.showCaptions(), { signal });
    this.source.onlevels = (hls) => this.offer(hls);
    if (kept.captions) this.caption(kept.captions);
    this.showRate();
  }

  field(name) {
    return this.menu.querySelector(`[data-set="${name}"]`);
  }

  set({ dataset, value, checked }) {
    const name = dataset.set;
    if (LOOKS.includes(name)) {
      choose(name, value);
      this.look(name, value);
    } else if (name === "keys") {
      this.keys = checked;
      choose(name, checked);
    } else if (name === "rate") this.media.playbackRate = Number(value);
    else if (name === "captions") this.caption(value);
    else if (name === "quality") this.source.hls.nextLevel = Number(value);
    else if (name === "audio") this.source.hls.audioTrack = Number(value);
  }

  look(name, value) {
    this.player.dataset[name] = value;
    const field = this.field(name);
    if (field) field.value = value;
  }

  showRate() {
    const rate = this.media.playbackRate;
    if (this.rate === rate) return;
    this.rate = rate;
    this.field("rate").value = String(rate);
    // What another source begins with.
    this.media.defaultPlaybackRate = rate;
    choose("rate", rate);
  }

  stepRate(step) {
    const at = RATES.indexOf(this.media.playbackRate);
    const rate = RATES[(at < 0 ? RATES.indexOf(1) : at) + step];
    if (!rate) return;
    this.media.playbackRate = rate;
    this.player.say(`${rate}×`);
  }

  get tracks() {
    return [...this.media.textTracks].filter((track) => track.kind === "captions");
  }

  get showing() {
    return this.tracks.find((track) => track.mode === "showing");
  }

  // Shows the captions of that name; none for an empty one, or for one that is not there.
  caption(name) {
    for (const track of this.tracks) {
      if (track.label === name) track.mode = "showing";
      else if (track.mode === "showing") track.mode = "hidden";
    }
  }

  showCaptions() {
    const name = this.showing?.label ?? "";
    this.player.querySelector("[data-act=captions]")?.setAttribute("aria-pressed", Boolean(name));
    const field = this.field("captions");
    // Not the field's value, which is the new one already when it was chosen there.
    if (!field || this.shown === name) return;
    this.last = name || this.shown;
    this.shown = field.value = name;
    if (this.media.localName === "video") choose("captions", name);
    this.player.dispatchEvent(new CustomEvent("captions"));
  }

  toggleCaptions() {
    if (this.media.localName === "audio") return;
    const { words } = this.player;
    const wanted = this.showing ? "" : (this.last ?? this.tracks[0]?.label);
    if (wanted === undefined) return;
    this.caption(wanted);
    this.player.say(wanted ? fill(words.captions, { name: wanted }) : words.captionsOff);
  }

  offer(hls) {
    const sizes = hls.levels.map((level) => Math.min(level.width, level.height) || 0);
    const now = hls.autoLevelEnabled && sizes[hls.currentLevel];
    const automatic = this.field("quality").options[0];
    this.automatic ??= automatic.text;
    const first = now ? fill(this.player.words.automatic, { size: `${now}p` }) : this.automatic;
    const listed = sizes.map((size, level) => [level, size && `${size}p`]).filter(([, word]) => word);
    listed.sort((a, b) => parseInt(b[1], 10) - parseInt(a[1], 10));
    this.list("quality", [[-1, first], ...listed], hls.autoLevelEnabled ? -1 : hls.nextLevel, 3);
    const sounds = hls.audioTracks.map((track, number) => [number, track.name]);
    this.list("audio", sounds, hls.audioTrack, 2);
  }

  list(name, options, chosen, least) {
    const field = this.field(name);
    field.replaceChildren(...options.map(([value, word]) => new Option(word, value)));
    field.value = String(chosen);
    field.closest("label").hidden = options.length < least;
  }
}
