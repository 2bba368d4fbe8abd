// <cue-wave src="…/waveform.json">: the sound around one cue, with its edges to drag or to move by
// keys. Tells of an edge that was moved by an `edge` event: {edge, seconds}.
import { clock } from "./times.js";

const AROUND_S = 1.5;
const LEAST_WINDOW_S = 5;
const LEAST_CUE_S = 0.1;
const SETTLE_MS = 400;
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -50, PageUp: 50 };

class CueWave extends HTMLElement {
  async connectedCallback() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.canvas = this.querySelector("canvas");
    this.edges = [...this.querySelectorAll("[data-edge]")];
    for (const edge of this.edges) {
      edge.addEventListener("keydown", (event) => this.key(event), { signal });
      edge.addEventListener("pointerdown", (event) => edge.setPointerCapture(event.pointerId), { signal });
      edge.addEventListener("pointermove", (event) => this.drag(event), { signal });
      edge.addEventListener("pointerup", (event) => this.tell(event.currentTarget.dataset.edge), { signal });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal });
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this);
    if (!this.hasAttribute("src")) return;
    const answer = await fetch(this.getAttribute("src"), { signal }).catch(() => undefined);
    if (answer?.ok) this.wave = await answer.json();
    this.draw();
  }

  disconnectedCallback() {
    this.stop.abort();
    this.sizes?.disconnect();
  }

  // `least` and `most` are where its neighbours leave room.
  show({ start, end }, least, most) {
    clearTimeout(this.settle);
    Object.assign(this, { start, end, least, most });
    const span = Math.max(LEAST_WINDOW_S, end - start + 2 * AROUND_S);
    this.from = Math.max(0, (start + end - span) / 2);
    this.span = span;
    this.draw();
  }

  at(seconds) {
    this.now = seconds;
    this.draw();
  }

  move(edge, seconds) {
    if (edge === "start") this.start = Math.max(this.least, Math.min(seconds, this.end - LEAST_CUE_S));
    else this.end = Math.min(this.most, Math.max(seconds, this.start + LEAST_CUE_S));
    this[edge] = Math.round(this[edge] * 1000) / 1000;
    this.draw();
  }

  drag(event) {
    const edge = event.currentTarget;
    if (this.span === undefined || !edge.hasPointerCapture(event.pointerId)) return;
    const box = this.getBoundingClientRect();
    this.move(edge.dataset.edge, this.from + ((event.clientX - box.left) / box.width) * this.span);
  }

  key(event) {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || this.span === undefined) return;
    event.preventDefault();
    const { edge } = event.currentTarget.dataset;
    this.move(edge, this[edge] + (step * (event.shiftKey ? 100 : 10)) / 1000);
    clearTimeout(this.settle);
    this.settle = setTimeout(() => this.tell(edge), SETTLE_MS);
  }

  tell(edge) {
    clearTimeout(this.settle);
    if (this.span === undefined) return;
    this.dispatchEvent(new CustomEvent("edge", { bubbles: true, detail: { start: this.start, end: this.end, edge } }));
  }

  draw() {
    if (this.span === undefined) return;
    for (const edge of this.edges) {
      const value = this[edge.dataset.edge];
      edge.style.setProperty("--at", (value - this.from) / this.span);
      edge.setAttribute("aria-valuenow", value);
      edge.setAttribute("aria-valuetext", clock(value));
    }
    const scale = window.devicePixelRatio || 1;
    const [wide, high] = [this.clientWidth * scale, this.clientHeight * scale];
    Object.assign(this.canvas, { width: wide, height: high });
    const context = this.canvas.getContext("2d");
    const { color, accentColor, outlineColor } = getComputedStyle(this);
    const x = (seconds) => ((seconds - this.from) / this.span) * wide;
    this.bars(context, wide, high, color, accentColor);
    if (this.now === undefined) return;
    context.fillStyle = outlineColor;
    context.fillRect(x(this.now), 0, 2 * scale, high);
  }

  bars(context, wide, high, color, accentColor) {
    const count = Math.max(1, Math.floor(this.clientWidth / 3));
    const each = this.span / count;
    for (let i = 0; i < count; i += 1) {
      const at = this.from + i * each;
      const tall = Math.max(2, this.loudness(at, at + each) * high * 0.92);
      context.fillStyle = at + each > this.start && at < this.end ? accentColor : color;
      context.fillRect((i * wide) / count, (high - tall) / 2, (wide / count) * 0.62, tall);
    }
  }

  // The loudest sample of a stretch, 0 to 1; 0 where nothing is known.
  loudness(from, to) {
    if (!this.wave) return 0;
    const { data, sample_rate: rate, samples_per_pixel: each } = this.wave;
    const pair = (seconds) => Math.floor((seconds * rate) / each);
    let peak = 0;
    for (let i = 2 * pair(from); i < 2 * Math.max(pair(from) + 1, pair(to)); i += 1) {
      peak = Math.max(peak, Math.abs(data[i] ?? 0));
    }
    return peak / 128;
  }
}

customElements.define("cue-wave", CueWave);
