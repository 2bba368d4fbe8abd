// One file on its way by tus. The server's offset is the only truth; nothing is kept in the browser.

const MIB = 1024 * 1024;
const CHUNK = 8 * MIB;
// From 8 to 64 MiB gains 20–30 % on fast links, and costs more to repeat on slow ones.
const BIG_CHUNK = 64 * MIB;
const FAST = 40 * MIB; // bytes a second
// About ten minutes of trying; after that a person or the `online` event goes on.
const DELAYS = [0, 1000, 2000, 4000, 8000, 15000, 30000, 60000, 60000, 120000, 120000, 180000];
// A connection that went away with a sleeping laptop may never say so: after this long, ask again.
const SILENCE_MS = 60_000;
const FULL = 507; // no space left, which no repeating mends
const PASSING = new Set([408, 409, 423, 425, 429, 460]);

let library;

/** Load tus-js-client once; it defines the global `tus`. */
function load(address) {
  library ??= import(address).then(() => globalThis.tus);
  library.catch(() => (library = undefined));
  return library;
}

/** Why the server said no, in its own words, or "" when it never answered. */
export function reasonOf(error) {
  try {
    return JSON.parse(error.originalResponse.getBody()).detail ?? "";
  } catch {
    return "";
  }
}

/**
 * Start sending. Resolves with a handle {pause, resume, abandon}; the rest comes by callbacks:
 * announced(address), progress(bytes), retrying(), sent(address), failed(error).
 */
export async function send(file, { config, address, metadata, ...tell }) {
  const tus = await load(config.tus);
  let began = performance.now();
  let heard = began;
  let watch;
  const upload = new tus.Upload(file, {
    endpoint: config.endpoint,
    uploadUrl: address ?? null,
    metadata,
    headers: { "X-CSRF-Token": config.csrf },
    chunkSize: CHUNK,
    retryDelays: DELAYS,
    storeFingerprintForResuming: false,
    onShouldRetry(error) {
      const status = error.originalResponse?.getStatus() ?? 0;
      const again = status === 0 || (status >= 500 && status !== FULL) || PASSING.has(status);
      heard = performance.now() + Math.max(...DELAYS);
      if (again) tell.retrying();
      return again;
    },
    onUploadUrlAvailable: () => tell.announced(upload.url),
    onProgress(bytes) {
      heard = performance.now();
      tell.progress(bytes);
    },
    onChunkComplete(size) {
      const now = performance.now();
      const rate = size / ((now - began) / 1000);
      upload.options.chunkSize = rate > FAST ? BIG_CHUNK : CHUNK;
      began = now;
    },
    onSuccess() {
      clearInterval(watch);
      tell.sent(upload.url);
    },
    onError(error) {
      clearInterval(watch);
      tell.failed(error);
    },
  });
  const begin = () => {
    began = heard = performance.now();
    clearInterval(watch);
    watch = setInterval(async () => {
      if (performance.now() - heard < SILENCE_MS) return;
      heard = performance.now();
      await upload.abort();
      upload.start();
    }, SILENCE_MS / 4);
    upload.start();
  };
  const end = (forGood) => {
    clearInterval(watch);
    // An upload that cannot be deleted now expires on the server by itself.
    return upload.abort(forGood).catch(() => undefined);
  };
  begin();
  return { pause: () => end(false), resume: begin, abandon: () => end(true) };
}
