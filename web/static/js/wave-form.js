// <wave-form src="…/waveform.json" for="…">: draws the sound of the player in the element of that id,
// in the colours of the theme; a click goes there, and as a slider it does by keyboard.
const BAR_PX = 3;
const STEP_S = 5;

class WaveForm extends HTMLElement {
  async connectedCallback() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.canvas = this.querySelector("canvas") ?? this.appendChild(document.createElement("canvas"));
    this.canvas.setAttribute("aria-hidden", "true");
    const answer = await fetch(this.getAttribute("src"), { signal }).catch(() => undefined);
    if (!answer?.ok) return;
    this.wave = await answer.json();
    this.seconds = (this.wave.length * this.wave.samples_per_pixel) / this.wave.sample_rate;
    this.sizes = new ResizeObserver(() => this.measure());
    this.sizes.observe(this);
    this.addEventListener("pointerdown", (event) => this.press(event), { signal });
    this.addEventListener("pointermove", (event) => this.drag(event), { signal });
    this.addEventListener("keydown", (event) => this.key(event), { signal });
    for (const name of ["timeupdate", "seeking", "durationchange"]) {
      document.addEventListener(name, (event) => this.tick(event), { signal, capture: true });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal });
    this.measure();
  }

  disconnectedCallback() {
    this.stop.abort();
    this.sizes?.disconnect();
  }

  get media() {
    return document.getElementById(this.getAttribute("for"))?.querySelector("audio, video") ?? null;
  }

  measure() {
    const scale = window.devicePixelRatio || 1;
    const count = Math.max(1, Math.floor(this.clientWidth / BAR_PX));
    this.canvas.width = Math.round(this.clientWidth * scale);
    this.canvas.height = Math.round(this.clientHeight * scale);
    this.bars = bars(this.wave.data, count);
    this.draw();
  }

  draw() {
    const { canvas, bars: all } = this;
    if (!all) return;
    const context = canvas.getContext("2d");
    const { color, accentColor } = getComputedStyle(this);
    const played = this.share * all.length;
    const wide = canvas.width / all.length;
    const middle = canvas.height / 2;
    context.clearRect(0, 0, canvas.width, canvas.height);
    all.forEach((loud, number) => {
      const high = Math.max(canvas.height * 0.02, loud * middle * 0.94);
      context.fillStyle = number < played ? accentColor : color;
      context.fillRect(number * wide, middle - high, Math.max(1, wide * 0.62), 2 * high);
    });
  }

  get share() {
    const at = this.media?.currentTime ?? 0;
    return this.seconds ? Math.min(1, at / this.seconds) : 0;
  }

  tick(event) {
    if (event.target !== this.media) return;
    const at = Math.round(event.target.currentTime);
    this.setAttribute("aria-valuenow", at);
    this.setAttribute("aria-valuetext", clock(at));
    this.draw();
  }

  press(event) {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.go(event);
  }

  drag(event) {
    if (this.hasPointerCapture(event.pointerId)) this.go(event);
  }

  go(event) {
    const box = this.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * this.seconds);
  }

  key(event) {
    const at = this.media?.currentTime ?? 0;
    const places = {
      ArrowRight: at + STEP_S,
      ArrowUp: at + STEP_S,
      ArrowLeft: at - STEP_S,
      ArrowDown: at - STEP_S,
      PageUp: at + 6 * STEP_S,
      PageDown: at - 6 * STEP_S,
      Home: 0,
      End: this.seconds,
    };
    if (!(event.key in places)) return;
    event.preventDefault();
    event.stopPropagation();
    this.seek(places[event.key]);
  }

  seek(seconds) {
    if (this.media) this.media.currentTime = Math.min(this.seconds, Math.max(0, seconds));
  }
}

// The loudest sample of each stretch, 0 to 1, the loudest of all drawn almost full.
function bars(data, count) {
  const pairs = data.length / 2;
  const each = Math.max(1, pairs / count);
  const found = Array.from({ length: Math.floor(pairs / each) }, (_, number) => {
    let peak = 0;
    for (let i = Math.floor(number * each); i < (number + 1) * each; i += 1) {
      peak = Math.max(peak, Math.abs(data[2 * i] ?? 0), Math.abs(data[2 * i + 1] ?? 0));
    }
    return peak / 127;
  });
  const most = Math.max(0.05, ...found);
  return found.map((peak) => peak / most);
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

customElements.define("wave-form", WaveForm);
