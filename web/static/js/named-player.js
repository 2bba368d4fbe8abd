// <named-player>: gives the player inside it the name of what it plays. media-chrome calls each
// one “video player”, so that several on a page could not be told apart.

class NamedPlayer extends HTMLElement {
  async connectedCallback() {
    const player = this.querySelector("media-controller");
    if (!player) return;
    await customElements.whenDefined("media-controller");
    player.setAttribute("aria-label", this.dataset.name);
  }
}

customElements.define("named-player", NamedPlayer);
