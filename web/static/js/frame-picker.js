// <frame-picker for="…"><form>…</form></frame-picker>: sends the second that the player in the element
// of that id stands at. Without scripts there is nothing to pick, and the style sheet hides it.
class FramePicker extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.stop = new AbortController();
    const options = { signal: this.stop.signal, capture: true };
    // Media events do not bubble, but they are captured; and the player may be replaced.
    for (const name of ["timeupdate", "seeking", "loadedmetadata"]) {
      document.addEventListener(name, () => this.show(), options);
    }
    // Before htmx reads the form.
    this.form.addEventListener("submit", () => this.fill(), options);
    this.show();
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  get video() {
    return document.getElementById(this.getAttribute("for"))?.querySelector("video") ?? null;
  }

  fill() {
    this.form.elements.at.value = this.video?.currentTime.toFixed(3) ?? "";
  }

  show() {
    const { video } = this;
    if (!video) return;
    this.fill();
    const button = this.form.querySelector("button");
    const words = button.dataset.words.replace("{time}", clock(video.currentTime));
    const label = button.querySelector("span");
    if (label.textContent !== words) label.textContent = words;
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  const hours = Math.floor(whole / 3600);
  const rest = String(parts[1]).padStart(2, "0");
  return hours ? `${hours}:${String(parts[0]).padStart(2, "0")}:${rest}` : `${parts[0]}:${rest}`;
}

customElements.define("frame-picker", FramePicker);
