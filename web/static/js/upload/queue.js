// The uploads of this page: hash, ask, send, wait for the check. No DOM; `changed` events tell the tray.
// The module outlives htmx navigation, and with it everything under way.

import { digest } from "./hashing.js";
import { Item } from "./item.js";
import * as server from "./server.js";
import { reasonOf, send } from "./transfer.js";

const AT_ONCE = 3;
// Hashing runs at some 600 MB/s: 4 GiB is seven seconds of waiting. Larger files are sent at once,
// and the server, which hashes every byte anyway, tells of a duplicate afterwards.
const HASH_UP_TO = 4 * 1024 ** 3;

class Queue extends EventTarget {
  items = [];
  config = null;
  /** Set by the tray: (item, asset) → Promise<{choice: "existing"|"version"|"keep"|null, all}>. */
  ask = null;
  #asking = Promise.resolve();

  add(files, { replaces = null, time = null } = {}) {
    const batch = { choice: null, size: files.length };
    for (const { file, folder } of files) {
      const item = new Item(file, { folder, replaces, time, batch, changed: (it) => this.#tell(it) });
      this.items.push(item);
      this.#tell(item);
      this.#run(item);
    }
  }

  get busy() {
    return this.items.some((item) => item.open);
  }

  /** What holds a line to the server now; paused uploads leave theirs to others. */
  get sending() {
    return this.items.filter(({ state }) => ["sending", "retrying", "stalled"].includes(state));
  }

  pause(item) {
    item.transfer?.pause();
    item.become("paused", { rate: 0, mark: null });
  }

  resume(item) {
    item.become("sending", { rate: 0, mark: null });
    item.transfer.resume();
  }

  cancel(item) {
    item.transfer?.abandon();
    item.become("cancelled");
    item.stop.abort();
    item.go?.();
  }

  /** Stop the check of what is whole there: the server's list has it from now on. */
  stop(item) {
    item.stop.abort();
    this.forget(item);
    server.stop(this.config, item);
  }

  /** Try again from where the server is, or from the start when it refused to begin. */
  retry(item) {
    if (item.transfer) return this.resume(item);
    item.stop = new AbortController();
    item.become("waiting");
    return this.#run(item);
  }

  /** Connection is back: whatever waited for it goes on. */
  wake() {
    this.items.filter((item) => item.state === "stalled").forEach((item) => this.retry(item));
  }

  forget(item) {
    this.items = this.items.filter((other) => other !== item);
    this.#tell(item);
  }

  /** Take off the list what has come to an end. */
  clear() {
    this.items.filter((item) => item.ended).forEach((item) => this.forget(item));
  }

  #tell(item) {
    this.dispatchEvent(new CustomEvent("changed", { detail: item }));
    const next = this.items.find(({ state }) => state === "queued");
    if (!next || this.sending.length >= AT_ONCE) return;
    next.become("sending");
    next.go();
  }

  async #run(item) {
    try {
      await this.#look(item);
      if (!item.ended) await this.#send(item);
    } catch (error) {
      if (!item.stop.signal.aborted) item.become("failed", { reason: error.message });
    }
  }

  /** Find out what is known of the file before a byte is sent: half sent, or here already. */
  async #look(item) {
    if (item.size && item.size <= HASH_UP_TO) {
      item.become("hashing", { bytes: 0 });
      item.digest = await digest(item.file, {
        address: this.config.hasher,
        library: this.config.blake3,
        signal: item.stop.signal,
        progress: (bytes) => item.become("hashing", { bytes }),
      }).catch(() => null); // without a digest the server finds duplicates all the same, later
    }
    if (item.ended) return;
    item.address = server.halfSent(item);
    if (item.address || item.replaces || !item.digest) return;
    const [existing] = await server.duplicates(this.config, item);
    if (existing && !item.ended) await this.#choose(item, existing);
  }

  /** One question at a time; an answer "for all" holds for the files dropped together. */
  async #choose(item, existing) {
    const asked = this.#asking.then(async () => {
      if (item.ended) return;
      let choice = item.batch.choice;
      if (!choice) {
        item.become("asking");
        const answer = await this.ask(item, existing);
        choice = answer.choice;
        if (answer.all) item.batch.choice = choice;
      }
      item.choice = choice;
    });
    this.#asking = asked.catch(() => undefined);
    await asked;
    if (!item.choice) this.cancel(item);
    else if (item.choice === "existing") item.become("reused", { asset: existing.id });
    else if (item.choice === "version") item.replaces = existing.id;
  }

  async #send(item) {
    await new Promise((go) => item.become("queued", { bytes: 0, go }));
    if (item.ended) return;
    const address = await new Promise((resolve, reject) => {
      item.stop.signal.addEventListener("abort", () => resolve(null), { once: true });
      send(item.file, {
        config: this.config,
        address: item.address,
        metadata: metadata(item),
        progress: (bytes) => item.state !== "paused" && item.sent(bytes),
        retrying: () => item.become("retrying", { rate: 0, mark: null }),
        announced: (url) => (item.address = url),
        sent: resolve,
        failed: (error) => this.#stumble(item, error, reject),
      }).then((transfer) => {
        item.transfer = transfer;
        if (item.ended) transfer.abandon();
        else if (item.state === "paused") transfer.pause();
      }, reject);
    });
    if (!address) return;
    item.become("checking", { bytes: item.size });
    const end = await server.outcome(address, item.stop.signal);
    item.transfer = null;
    item.become(end.state === "expired" ? "failed" : end.state, {
      asset: end.asset,
      duplicateOf: end.duplicate_of,
      reason: end.reason ?? "",
    });
  }

  /** No answer at all waits for the connection; an answer that says no is the end of it. */
  #stumble(item, error, reject) {
    const status = error.originalResponse?.getStatus();
    if (status) {
      item.transfer = null;
      item.signedOut = status === 401;
      reject(new Error(item.signedOut ? "" : reasonOf(error)));
    } else item.become("stalled");
  }
}

function metadata(item) {
  const known = {
    filename: item.name,
    filetype: item.file.type,
    digest: item.digest,
    replaces: item.replaces,
    folder: item.folder,
    switch_at: item.time?.at,
    switch_zone: item.time?.zone,
    on_duplicate: item.choice ? "keep" : null,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value));
}

export const queue = new Queue();
addEventListener("online", () => queue.wake());
document.addEventListener("visibilitychange", () => document.hidden || queue.wake());
