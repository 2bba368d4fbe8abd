// <original-offer>: the file as it was uploaded, for a browser that can play it, while what every
// browser plays is still being made. It changes over when asked to, never in the middle of playing.
class OriginalOffer extends HTMLElement {
  async connectedCallback() {
    this.offer = this.querySelector("template[data-needs]");
    if (!this.offer || this.shown || this.refused) return;
    this.stop = new AbortController();
    const { signal } = this.stop;
    const plays = await playable(JSON.parse(this.offer.dataset.needs), this.offer.dataset.kind);
    if (plays && !signal.aborted) this.show(signal);
  }

  disconnectedCallback() {
    this.stop?.abort();
    this.shown?.remove();
    this.shown = undefined;
  }

  show(signal) {
    this.waiting = this.firstElementChild;
    this.waiting.hidden = true;
    this.shown = this.offer.content.firstElementChild.cloneNode(true);
    this.append(this.shown);
    this.media = this.shown.querySelector("video, audio");
    // Errors do not bubble. Whatever goes wrong: then it waits like any other browser.
    this.media.addEventListener("error", () => this.hide(), { signal });
    this.shown.querySelector("[data-change]").addEventListener("click", () => this.change(), { signal });
    document.addEventListener("htmx:before:swap", (event) => this.hold(event), { signal });
  }

  hide() {
    this.refused = true;
    this.waiting.hidden = false;
    this.disconnectedCallback();
  }

  // Its place on the page asks again and again how far things are; the answer waits for the reader.
  hold(event) {
    const { ctx, tasks } = event.detail;
    const place = this.closest("[hx-get]");
    const meant = tasks.some(({ target }) => (typeof target === "string" ? this.closest(target) : target === place));
    if (!place || !meant) return;
    event.preventDefault();
    const ready = ctx.text.includes("<lectern-player") && !ctx.text.includes("<original-offer");
    for (const words of this.shown.querySelectorAll("[data-when]")) {
      words.hidden = (words.dataset.when === "ready") !== ready;
    }
  }

  // The page begins anew at this second; a player of a lesson remembers its own place.
  change() {
    const address = new URL(location.href);
    if (this.shown.querySelector("lectern-player").dataset.deep !== undefined) {
      address.searchParams.set("t", Math.floor(this.media.currentTime));
    }
    location.assign(address);
  }
}

async function playable(needs, kind) {
  if (!document.createElement(kind).canPlayType(needs.type)) return false;
  const { video, audio, width, height, fps, bits_a_second: bitrate } = needs;
  const asked = { type: "file" };
  if (video) asked.video = { contentType: video, width, height, framerate: fps, bitrate: bitrate || 1 };
  if (audio) asked.audio = { contentType: audio };
  try {
    return (await navigator.mediaCapabilities.decodingInfo(asked)).supported;
  } catch {
    return true; // no such interface, or it does not know the container: the first answer counts
  }
}

customElements.define("original-offer", OriginalOffer);
