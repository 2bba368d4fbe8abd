// The chapters listed beside a player: which one it is in, and the way to the next.
// Further in than this, back goes to the beginning of the same chapter, seconds.
const BEGUN_S = 3;

export class Chapters {
  constructor(player) {
    this.player = player;
    this.all = [...player.querySelectorAll("[data-at]")];
    this.starts = this.all.map((one) => Number(one.dataset.at));
  }

  begin(signal) {
    if (!this.all.length) return;
    this.player.media.addEventListener("timeupdate", () => this.show(), { signal });
    for (const [number, one] of this.all.entries()) {
      one.addEventListener("click", () => this.player.go(this.starts[number]), { signal });
    }
  }

  get now() {
    const at = this.player.media.currentTime + 0.05;
    return this.starts.findLastIndex((start) => start <= at);
  }

  show() {
    const { now } = this;
    for (const [number, one] of this.all.entries()) {
      if (number === now) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
  }

  step(by) {
    const { now } = this;
    const begun = now >= 0 && this.player.media.currentTime - this.starts[now] > BEGUN_S;
    const wanted = now + (by < 0 && begun ? 0 : by);
    if (!this.all[wanted]) return;
    this.player.go(this.starts[wanted]);
    this.player.say(this.all[wanted].querySelector("span").textContent);
  }
}
