// <place-links>: links to seconds of a file. Where its player is on the page, they play there;
// elsewhere they are links.
class PlaceLinks extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    this.addEventListener("click", (event) => this.click(event), { signal: this.stop.signal });
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  click(event) {
    const link = event.target.closest("a[data-at]");
    const player = document.querySelector("lectern-player");
    const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !player?.media || !plain) return;
    event.preventDefault();
    player.go(Number(link.dataset.at));
    player.media.play().catch(() => {});
    player.scrollIntoView({ block: "nearest" });
  }
}

customElements.define("place-links", PlaceLinks);
