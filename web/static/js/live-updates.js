// <live-updates>: tells the state of the socket, and keeps pages true when there is none.
// The socket itself is htmx's (hx-ws); HTML messages swap themselves, JSON ones are read here.
import { refresh, tell } from "./refresh.js";

const POLL_MS = 3000;
const GRACE_MS = 2500;
const FIRST_GRACE_MS = 8000;
const ANSWER_MS = 1000;
const SIGNED_OUT = 4401;
// Stands for the asset in an address made by the server.
const NOBODY = "00000000-0000-0000-0000-000000000000";
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
    this.say("wait");
    this.lost(undefined, FIRST_GRACE_MS);
    // htmx starts by itself, and without the channel while hx-ws is still on its way.
    window.htmx?.process(this);
    // It may have been faster than this module.
    if (this._htmx?.ws?.connection?.socket?.readyState === WebSocket.OPEN) {
      this.connected();
      refresh(this, false);
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
      this.poll = setInterval(() => refresh(this, true), POLL_MS);
    }, grace);
  }

  say(state) {
    this.dataset.live = state;
    const words = document.createElement("span");
    words.textContent = this.dataset[state];
    this.replaceChildren(words);
  }

  read(message) {
    if (typeof message.data !== "string") return;
    if (!message.data.startsWith("{")) {
      // There is nothing left to ask of what has been purged.
      if (!message.data.includes("data-purged"))
        for (const [, id] of message.data.matchAll(CARD)) this.changed(id);
      if (message.data.includes('hx-swap-oob="delete"')) tell("library-total");
      else if (!message.data.includes('data-state="processing"')) tell("usage-changed");
      return;
    }
    const { event, asset, upload, batch } = JSON.parse(message.data);
    if (event === "refresh") refresh(this, false);
    if (event === "asset-added") this.added(asset);
    if (event === "progress") tell(`progress-${asset}`);
    else if (asset) this.changed(asset);
    if (event === "asset-added") tell("library-total");
    if (upload) tell("upload-changed", { upload });
    if (batch) tell(`batch-${batch}`);
    if (event === "notice") tell("notice");
  }

  // Parts of the asset's own page listen for this by its id.
  changed(id) {
    tell(`asset-${id}`, { asset: id });
  }

  // One after another: of several asked for at once, only the first and the last would come.
  added(id) {
    this.adding = (this.adding ?? Promise.resolve()).then(() => this.insert(id)).catch(() => {});
  }

  // Ids are in the order of time, so that what comes back from the trash finds its place.
  async insert(id) {
    if (document.querySelector(`card-grid [data-asset="${id}"]`)) return;
    const grid = document.querySelector("[data-newest-first]");
    if (grid) {
      const items = [...grid.closest("card-grid").querySelectorAll("[data-asset]")];
      const older = items.find(({ dataset }) => dataset.asset < id);
      // It will come with the next ones.
      if (!older && document.getElementById("more")) return;
      // A list says itself where its rows come from.
      const url = (grid.dataset.newestFirst || this.dataset.card).replace(NOBODY, id);
      const target = older ?? items.at(-1) ?? grid;
      const swap = older ? "beforebegin" : items.length ? "afterend" : "afterbegin";
      await window.htmx.ajax("GET", url, { source: this, target, swap });
    } else if (document.querySelector("#results .empty--drop")) {
      tell("library-changed");
    }
  }
}

customElements.define("live-updates", LiveUpdates);
