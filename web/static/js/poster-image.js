// <poster-image><form>…<input type="file"></form></poster-image>: makes the chosen picture as small
// as a poster is, on a canvas, and sends it. What the browser cannot draw goes as it is, if small.
const WIDTH = 1280;
const HEIGHT = 2560;
const MOST_BYTES = 1_000_000;
const QUALITIES = [0.88, 0.75, 0.6];

class PosterImage extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    // The same picture may be chosen again.
    this.input.addEventListener("click", () => (this.input.value = ""));
    this.input.addEventListener("change", () => this.send());
  }

  async send() {
    const [file] = this.input.files;
    if (!file) return;
    const fit = await smaller(file).catch(() => file);
    if (fit.size > MOST_BYTES) {
      this.input.value = "";
      const detail = { text: this.dataset.large };
      document.body.dispatchEvent(new CustomEvent("toast", { detail }));
      return;
    }
    const carrier = new DataTransfer();
    carrier.items.add(fit);
    this.input.files = carrier.files;
    this.input.form.requestSubmit();
  }
}

async function smaller(file) {
  const picture = await createImageBitmap(file);
  const share = Math.min(1, WIDTH / picture.width, HEIGHT / picture.height);
  if (share === 1 && file.size <= MOST_BYTES) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * share));
  canvas.height = Math.max(1, Math.round(picture.height * share));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  let blob = file;
  for (const quality of QUALITIES) {
    blob = await new Promise((done) => canvas.toBlob(done, "image/webp", quality));
    if (blob.size <= MOST_BYTES) break;
  }
  return new File([blob], file.name, { type: blob.type });
}

customElements.define("poster-image", PosterImage);
