// <live-updates>: tells the state of the socket, and keeps pages true when there is none.
// The socket itself is htmx's (hx-ws); HTML messages swap themselves, JSON ones are read here.
const POLL_MS = 3000;
const GRACE_MS = 2500;
const FIRST_GRACE_MS = 8000;
const ANSWER_MS = 1000;
const SIGNED_OUT = 4401;
const CARD = /id="asset-([0-9a-f-]{36})"/g;

class LiveUpdates extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const listen = (name, action) =>
      this.addEventListener(name, action, { signal: this.stop.signal });
    listen("htmx:ws:after:connection", () => this.connected());
    listen("htmx:ws:close", (event) => this.lost(event.detail.code));
    listen("htmx:ws:error", () => this.lost());
    listen("htmx:ws:before:message:incoming", ({ detail }) => {
      this.answer(detail.connection);
      this.read(detail.message);
    });
    this.lost(undefined, FIRST_GRACE_MS);
    // htmx may have been faster than this module.
    if (this._htmx?.ws?.connection?.socket?.readyState === WebSocket.OPEN) {
      this.connected();
      this.refresh(false);
    }
  }

  disconnectedCallback() {
    this.stop.abort();
    clearInterval(this.poll);
    clearTimeout(this.grace);
    clearTimeout(this.answering);
  }

  connected() {
    clearInterval(this.poll);
    clearTimeout(this.grace);
    this.poll = this.grace = undefined;
    this.say("on");
  }

  // The server sends only so much to a page that may be asleep: now and then it hears from us.
  answer(connection) {
    if (this.answering) return;
    this.answering = setTimeout(() => {
      this.answering = undefined;
      if (connection.socket?.readyState === WebSocket.OPEN) connection.socket.send("here");
    }, ANSWER_MS);
  }

  lost(code, grace = GRACE_MS) {
    if (code === SIGNED_OUT) this.say("out");
    if (this.grace || this.poll) return;
    // A reconnect within moments is nobody's business.
    this.grace = setTimeout(() => {
      if (this.dataset.live !== "out") this.say("off");
      this.poll = setInterval(() => this.refresh(true), POLL_MS);
    }, grace);
  }

  say(state) {
    this.dataset.live = state;
    this.querySelector("span").textContent = this.dataset[state];
  }

  read(message) {
    if (typeof message.data !== "string") return;
    if (!message.data.startsWith("{")) {
      for (const [, id] of message.data.matchAll(CARD)) this.changed(id);
      if (message.data.includes('hx-swap-oob="delete"')) this.tell("library-total");
      return;
    }
    const { event, asset, upload } = JSON.parse(message.data);
    if (event === "refresh") this.refresh(false);
    if (event === "asset-added") this.added(asset);
    if (asset) this.changed(asset);
    if (event === "asset-added") this.tell("library-total");
    if (upload) this.tell("upload-changed", { upload });
  }

  // Parts of the asset's own page listen for this by its id.
  changed(id) {
    this.tell(`asset-${id}`, { asset: id });
  }

  added(id) {
    if (document.getElementById(`asset-${id}`)) return;
    const grid = document.querySelector("[data-newest-first]");
    if (grid) {
      window.htmx.ajax("GET", `/assets/${id}/card`, { source: this, target: grid, swap: "afterbegin" });
    } else if (document.querySelector("#results .empty--drop")) {
      this.tell("library-changed");
    }
  }

  // After a gap: what is on its way or on screen is asked for again, in one request.
  refresh(onlyBusy) {
    const ids = [...document.querySelectorAll(".card[data-asset]")]
      .filter((card) => card.dataset.state === "processing" || (!onlyBusy && this.visible(card)))
      .map((card) => `id=${card.dataset.asset}`);
    if (ids.length) {
      const url = `/library/refresh?${ids.slice(0, 200).join("&")}`;
      window.htmx.ajax("GET", url, { source: this, target: this, swap: "none" });
    }
    for (const page of document.querySelectorAll("[data-asset-page]")) {
      if (!onlyBusy || page.dataset.busy) this.changed(page.dataset.assetPage);
    }
    this.tell("live-refresh");
  }

  visible(card) {
    const box = card.getBoundingClientRect();
    return box.bottom > 0 && box.top < window.innerHeight;
  }

  tell(name, detail) {
    document.body.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("live-updates", LiveUpdates);
