// Computes BLAKE3 digests of files. A classic worker of its own, because only this file's response
// may carry 'wasm-unsafe-eval'.
//
// In:  {id, file, library}         `library` is the address of hash-wasm's BLAKE3 build
//      {cancel: id}
// Out: {id, done: bytes} …, then {id, digest} or {id, error}

const PIECE = 4 * 1024 * 1024; // one read; 4 MiB keeps the worker's memory flat
let hasher;
const cancelled = new Set();

async function digest({ id, file, library }) {
  if (!hasher) {
    importScripts(library);
    hasher = await self.hashwasm.createBLAKE3();
  }
  hasher.init();
  for (let at = 0; at < file.size; at += PIECE) {
    if (cancelled.has(id)) return null;
    hasher.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    self.postMessage({ id, done: Math.min(at + PIECE, file.size) });
  }
  return hasher.digest();
}

// One file after the other: two at once would only make the disk seek.
let line = Promise.resolve();

self.addEventListener("message", ({ data }) => {
  if (data.cancel) {
    cancelled.add(data.cancel);
    return;
  }
  line = line
    .then(() => digest(data))
    .then((found) => self.postMessage({ id: data.id, digest: found }))
    .catch((error) => self.postMessage({ id: data.id, error: String(error) }));
});
