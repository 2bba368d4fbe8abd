// The side panel of the picker: what one points at, playable.

// A pointer on its way elsewhere crosses many files.
const DWELL_MS = 350;

export class Preview {
  #panel;
  #address;
  #timer;
  #shown;

  /** `address` has ASSET where an asset's id goes. */
  constructor(panel, address) {
    this.#panel = panel;
    this.#address = address;
  }

  /** Show the item if one stays on it. */
  dwell(item) {
    clearTimeout(this.#timer);
    if (item) this.#timer = setTimeout(() => this.#glance(item), DWELL_MS);
  }

  show({ dataset: { asset } }) {
    clearTimeout(this.#timer);
    this.#panel.dataset.open = "";
    if (this.#shown === asset) return;
    this.#shown = asset;
    const address = this.#address.replace("ASSET", asset);
    globalThis.htmx.ajax("GET", address, { source: this.#panel, target: this.#panel, swap: "innerHTML" });
  }

  /** On a small screen the panel lies over the files. */
  leave() {
    delete this.#panel.dataset.open;
  }

  // Nothing is taken away from someone who is watching, nor laid over a small screen unasked.
  #glance(item) {
    const playing = this.#panel.querySelector("video, audio")?.paused === false;
    if (!playing && getComputedStyle(this.#panel).display !== "none") this.show(item);
  }
}
