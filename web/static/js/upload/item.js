// One file in the tray: what it is, how far it is, and what may be done with it.

/** States a person still has to wait for, or to act on, with the file in this page's hands. */
const OPEN = new Set(["waiting", "hashing", "asking", "queued", "sending", "retrying", "paused", "stalled"]);
const ENDED = new Set(["done", "reused", "refused", "failed", "cancelled"]);

export class Item {
  static #last = 0;

  constructor(file, { folder = "", replaces = null, time = null, batch, changed }) {
    this.id = `upload-${(Item.#last += 1)}`;
    this.file = file;
    this.name = file.name;
    this.size = file.size;
    this.folder = folder;
    this.replaces = replaces;
    this.time = time; // {at, zone} when a replacement is to be shown
    this.batch = batch;
    this.state = "waiting";
    this.bytes = 0; // hashed or sent, of `size`
    this.rate = 0; // bytes a second
    this.reason = "";
    this.asset = null;
    this.duplicateOf = null;
    this.address = null;
    this.digest = null;
    this.transfer = null;
    this.stop = new AbortController();
    this.changed = changed;
  }

  get open() {
    return OPEN.has(this.state);
  }

  get ended() {
    return ENDED.has(this.state);
  }

  get fraction() {
    return this.size ? this.bytes / this.size : 0;
  }

  /** Seconds to go at the present rate, or null before one is known. */
  get remaining() {
    return this.rate ? (this.size - this.bytes) / this.rate : null;
  }

  become(state, more = {}) {
    if (this.state === "cancelled") return;
    Object.assign(this, { reason: "" }, more, { state });
    this.changed(this);
  }

  /** Note bytes sent, and smooth the rate over the last few seconds. */
  sent(bytes) {
    const now = performance.now();
    if (this.mark && now - this.mark.at >= 500) {
      const rate = ((bytes - this.mark.bytes) / (now - this.mark.at)) * 1000;
      this.rate = this.rate ? this.rate * 0.7 + Math.max(rate, 0) * 0.3 : Math.max(rate, 0);
      this.mark = { at: now, bytes };
    }
    this.mark ??= { at: now, bytes };
    this.become("sending", { bytes });
  }
}
