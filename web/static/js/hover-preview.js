// <hover-preview data-preview="…/preview.json">: a picture that comes alive under the pointer, or when
// its link has the focus: the video's storyboard, tile by tile. Asks for nothing before that.
const DELAY_MS = 180;
const STEP_MS = 650;
const STEPS = 12;
const known = new Map();

const still = matchMedia("(prefers-reduced-motion: reduce)");

class HoverPreview extends HTMLElement {
  connectedCallback() {
    if (!this.dataset.preview) return;
    this.stop = new AbortController();
    const { signal } = this.stop;
    const card = this.closest("[data-asset]") ?? this;
    card.addEventListener("pointerenter", (event) => this.enter(event), { signal });
    card.addEventListener("pointerleave", () => this.leave(), { signal });
    // The picture lies below the card's link, so the card hears what moves over it.
    card.addEventListener("pointermove", (event) => this.follow(event), { signal });
    card.addEventListener("focusin", (event) => this.focused(event), { signal });
    card.addEventListener("focusout", () => this.leave(), { signal });
    // A card that is brought up to date is put in anew, under a pointer that may rest.
    if (card.matches(":hover, :has(a:focus-visible)")) this.begin();
  }

  disconnectedCallback() {
    this.stop?.abort();
    this.leave();
  }

  enter(event) {
    if (event.pointerType !== "touch") this.begin();
  }

  focused(event) {
    if (event.target.matches("a:focus-visible, [role=row]:focus-visible")) this.begin();
  }

  begin() {
    if (still.matches || navigator.connection?.saveData || this.waiting || this.board) return;
    this.waiting = setTimeout(() => this.show(), DELAY_MS);
  }

  async show() {
    const asked = this.waiting;
    const board = await read(this.dataset.preview);
    if (this.waiting !== asked || !board?.tiles) return;
    await loaded(board.sheets[0]);
    if (this.waiting !== asked) return;
    this.board = board;
    this.frame = document.createElement("span");
    this.frame.className = "preview";
    this.frame.setAttribute("aria-hidden", "true");
    const tile = document.createElement("span");
    tile.className = "preview__tile";
    const wide = board.width / board.height > this.clientWidth / this.clientHeight;
    tile.toggleAttribute("data-wide", wide);
    tile.style.setProperty("--shape", `${board.width} / ${board.height}`);
    this.bar = document.createElement("span");
    this.bar.className = "preview__bar";
    this.frame.append(tile, this.bar);
    this.append(this.frame);
    this.tile = tile;
    this.at = 0;
    this.turn();
    this.timer = setInterval(() => this.turn(), STEP_MS);
  }

  turn() {
    if (this.held !== undefined) {
      this.draw(this.held);
      return;
    }
    const step = Math.max(1, Math.ceil(this.board.tiles / STEPS));
    this.draw(this.at % this.board.tiles);
    this.at += step;
  }

  follow(event) {
    if (event.pointerType === "touch") return;
    if (!this.board) {
      this.begin();
      return;
    }
    const box = this.getBoundingClientRect();
    if (event.clientY > box.bottom || event.clientY < box.top) return;
    const share = Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width));
    this.held = Math.floor(share * this.board.tiles);
    this.draw(this.held);
  }

  draw(number) {
    // A card that is brought up to date meanwhile has lost what it was sent without.
    if (!this.frame.isConnected) this.append(this.frame);
    const { columns, rows, tiles, sheets } = this.board;
    const sheet = Math.floor(number / (columns * rows));
    const rest = number % (columns * rows);
    const last = sheet === sheets.length - 1;
    const high = last ? Math.ceil((tiles - sheet * columns * rows) / columns) : rows;
    const share = (place, count) => (count > 1 ? `${(place / (count - 1)) * 100}%` : "0%");
    const { style } = this.tile;
    style.backgroundImage = `url("${sheets[sheet]}")`;
    style.backgroundSize = `${columns * 100}% ${high * 100}%`;
    style.backgroundPosition = `${share(rest % columns, columns)} ${share(Math.floor(rest / columns), high)}`;
    this.bar.style.scale = `${(number + 1) / tiles} 1`;
  }

  leave() {
    clearTimeout(this.waiting);
    clearInterval(this.timer);
    this.frame?.remove();
    this.waiting = this.timer = this.frame = this.board = this.held = undefined;
  }
}

async function read(address) {
  if (!known.has(address)) {
    const answer = await fetch(address).catch(() => undefined);
    if (!answer?.ok) return undefined;
    const board = await answer.json();
    // There may be tiles later.
    if (!board.tiles) return board;
    known.set(address, board);
  }
  return known.get(address);
}

function loaded(address) {
  const picture = new Image();
  picture.src = address;
  return picture.decode().catch(() => {});
}

customElements.define("hover-preview", HoverPreview);
