// Where a player's media come from: streams by hls.js where the browser has media sources, its own
// HLS where it has not, and the plain file where there are no streams or they fail for good.
// No worker: fragmented MP4 needs no work, and the page's policy allows none made of a string.
const retry = (maxNumRetry) => ({ maxNumRetry, retryDelayMs: 500, maxRetryDelayMs: 4000 });
const CONFIG = {
  enableWorker: false,
  capLevelToPlayerSize: true,
  maxBufferLength: 6,
  maxMaxBufferLength: 6,
  // Rather the plain file soon than a picture that stands for a minute.
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 15000,
      maxLoadTimeMs: 120000,
      timeoutRetry: retry(2),
      errorRetry: retry(3),
    },
  },
  subtitleTrackController: undefined,
  subtitleStreamController: undefined,
  timelineController: undefined,
};
// How far ahead is loaded once somebody watches, seconds; before, little more than the first picture.
const AHEAD_S = 60;
const HLS_TYPE = "application/vnd.apple.mpegurl";

const hasSources = () => Boolean(globalThis.ManagedMediaSource ?? globalThis.MediaSource);
const inUse = (media) => !media.paused || media.currentTime > 0;

export class Source {
  constructor(media, { hls, hlsScript }) {
    this.media = media;
    this.file = media.getAttribute("src");
    this.address = hls;
    this.script = hlsScript;
    this.kind = "file";
    this.onbroken = this.onfailed = this.onlevels = () => {};
    this.retries = { network: 1, media: 2 };
  }

  // `first` is the second that playing will begin at.
  async begin(first, signal) {
    this.media.addEventListener("error", () => this.fail(), { signal });
    signal.addEventListener("abort", () => this.end());
    if (!this.address) return;
    if (!hasSources()) {
      if (this.media.canPlayType(HLS_TYPE) && !inUse(this.media)) this.change("native", this.address);
      return;
    }
    try {
      await import(this.script);
    } catch {
      return;
    }
    // Whoever pressed play meanwhile watches the file already.
    if (signal.aborted || inUse(this.media) || !globalThis.Hls?.isSupported()) return;
    this.stream(globalThis.Hls, first);
  }

  stream(Hls, first) {
    this.kind = "hls";
    const hls = (this.hls = new Hls({ ...CONFIG, startPosition: first || -1 }));
    const { Events, ErrorTypes } = Hls;
    hls.on(Events.ERROR, (_, { fatal, type }) => {
      if (!fatal) return;
      const again = type === ErrorTypes.MEDIA_ERROR ? "media" : "network";
      this.retries[again] -= 1;
      if (this.retries[again] < 0 || !hls.levels?.length) this.fail();
      else if (again === "media") hls.recoverMediaError();
      else setTimeout(() => this.hls?.startLoad(), 1000);
    });
    for (const name of [Events.MANIFEST_PARSED, Events.LEVEL_SWITCHED, Events.AUDIO_TRACKS_UPDATED]) {
      hls.on(name, () => this.onlevels(hls));
    }
    this.media.addEventListener("play", () => (hls.config.maxMaxBufferLength = AHEAD_S), { once: true });
    hls.loadSource(this.address);
    hls.attachMedia(this.media);
  }

  // hls.js tells of its own errors, those of the element among them.
  fail() {
    if (this.kind === "file") {
      this.onfailed();
      return;
    }
    const { paused, currentTime } = this.media;
    this.hls?.destroy();
    this.hls = undefined;
    this.change("file", this.file);
    this.media.load();
    this.media.currentTime = currentTime;
    if (!paused) this.media.play().catch(() => {});
    this.onbroken();
  }

  // The element goes, or only moves: it has its file again, so that it may begin anew. The file
  // comes before hls.js lets go: an address that it takes back would still be loaded, and fail.
  end() {
    if (!this.hls) return;
    this.media.preload = "none";
    this.media.src = this.file;
    this.hls.destroy();
    this.hls = undefined;
  }

  change(kind, address) {
    this.kind = kind;
    this.media.preload = "metadata";
    this.media.src = address;
  }
}
