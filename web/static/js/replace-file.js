// <replace-file>: shows the chosen file beside the one it replaces, then hands it to the upload queue.
import { queue } from "./upload/queue.js";

const SIZES = ["B", "KB", "MB", "GB", "TB"];

class ReplaceFile extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.input = this.querySelector("input[type=file]");
    this.input.addEventListener("change", () => this.preview());
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.addEventListener("change", (event) => this.follow(event.target));
    this.place();
  }

  disconnectedCallback() {
    this.drop();
  }

  drop() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = undefined;
  }

  // A ticked place means "only these", a time "at that time".
  follow(target) {
    if (target.name === "place") this.form.querySelector("[value=some]").checked = true;
    if (target.name === "switch_at") this.form.querySelector("[value=at]").checked = true;
  }

  // Whoever has said no zone means the one where they are.
  place() {
    const { switch_zone: zone } = this.form.elements;
    zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone;
    this.querySelector("[data-zone]").textContent = zone.value;
  }

  // When it is to be shown, if not as soon as it is ready.
  get time() {
    const { when, switch_at: at, switch_zone: zone } = this.form.elements;
    return when.value === "at" ? { at: at.value, zone: zone.value } : null;
  }

  async preview() {
    this.drop();
    const [file] = this.input.files;
    if (!file) return;
    const facts = [file.name, size(file.size)];
    this.say(facts);
    if (file.type.startsWith("video/") || file.type.startsWith("audio/")) this.play(file, facts);
    else if (file.type.startsWith("image/")) await this.draw(file, facts);
  }

  play(file, facts) {
    const player = document.createElement(file.type.startsWith("video/") ? "video" : "audio");
    this.address = URL.createObjectURL(file);
    player.src = this.address;
    player.controls = true;
    player.preload = "metadata";
    player.muted = true;
    player.addEventListener("loadedmetadata", () => {
      const pixels = player.videoWidth ? `${player.videoWidth} × ${player.videoHeight}` : "";
      this.say([facts[0], length(player.duration), pixels, facts[1]]);
    });
    this.show(player);
  }

  // On a canvas: pictures may come only from the server here.
  async draw(file, facts) {
    const picture = await createImageBitmap(file).catch(() => null);
    if (!picture || this.input.files[0] !== file) return;
    const canvas = document.createElement("canvas");
    canvas.width = 480;
    canvas.height = Math.round((480 * picture.height) / picture.width);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    this.say([facts[0], `${picture.width} × ${picture.height}`, facts[1]]);
    this.show(canvas);
  }

  show(element) {
    this.querySelector("[data-preview]").replaceChildren(element);
  }

  say(parts) {
    this.querySelector("[data-facts]").textContent = parts.filter(Boolean).join(" · ");
  }

  async submit(event) {
    event.preventDefault();
    const [file] = this.input.files;
    const answer = await fetch(this.form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(this.form)),
      headers: { "HX-Request": "true", "HX-Request-Type": "partial" },
    }).catch(() => null);
    if (!answer?.ok) return this.refuse(answer);
    queue.add([{ file, folder: "" }], { replaces: this.dataset.asset, time: this.time });
    this.closest("dialog")?.close();
  }

  async refuse(answer) {
    const box = this.querySelector("[data-error]");
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    const away = document.querySelector("toast-list")?.dataset.away;
    box.textContent = page?.querySelector("#problem")?.textContent.trim() || away;
    box.hidden = false;
  }
}

function size(bytes) {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), SIZES.length - 1);
  const amount = bytes / 1000 ** step;
  return `${amount.toFixed(step && amount < 9.95 ? 1 : 0)} ${SIZES[step]}`;
}

function length(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.max(1, Math.round(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

customElements.define("replace-file", ReplaceFile);

// What a form of a file's page has done is told to the page by this event; its dialog has served.
document.addEventListener("asset-changed", ({ target }) => target.closest?.("dialog")?.close());
