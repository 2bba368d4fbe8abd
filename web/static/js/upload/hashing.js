// The page's side of the hash worker: one worker, started with the first file.

let worker;
let last = 0;
const waiting = new Map();

function start(address) {
  worker = new Worker(address);
  worker.addEventListener("message", ({ data }) => {
    const caller = waiting.get(data.id);
    if (!caller) return;
    if ("done" in data) return caller.progress(data.done);
    waiting.delete(data.id);
    if (data.error) caller.reject(new Error(data.error));
    else caller.resolve(data.digest);
  });
  worker.addEventListener("error", (event) => {
    // A worker that could not load hashes nothing; every caller learns it and goes on without.
    for (const caller of waiting.values()) caller.reject(new Error(event.message));
    waiting.clear();
    worker = undefined;
  });
}

/** The file's BLAKE3 digest in hex, or null when `signal` ended it. `progress` gets bytes done. */
export function digest(file, { address, library, signal, progress }) {
  if (!worker) start(address);
  const id = (last += 1);
  signal.addEventListener("abort", () => worker?.postMessage({ cancel: id }), { once: true });
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, progress });
    worker.postMessage({ id, file, library });
  });
}
