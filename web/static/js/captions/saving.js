// Changes go to the server one after another, each against what is known by then. While it cannot
// be reached they wait, and go on by themselves.
const AGAIN_MS = 3000;

export class Saver {
  constructor(editor) {
    this.editor = editor;
    this.seen = editor.dataset.seen;
    this.chain = Promise.resolve();
    this.waiting = 0;
  }

  // `make` says what to send when its turn comes, or nothing. Resolves to {status, body}.
  send(make) {
    return this.turn(async () => {
      const changes = make();
      return changes ? this.post(changes) : undefined;
    });
  }

  // All rows, where somebody else has changed them.
  look() {
    return this.turn(async () => {
      const answer = await fetch(`${this.editor.dataset.url}/cues?seen=${this.seen}`).catch(() => undefined);
      if (answer?.status !== 200 || answer.redirected) return;
      const body = await answer.json();
      this.seen = body.tag;
      this.editor.renew(body);
    });
  }

  turn(work) {
    this.waiting += 1;
    const done = this.chain.then(work).finally(() => {
      this.waiting -= 1;
      this.editor.told();
    });
    this.chain = done.catch(() => {});
    return done;
  }

  async post(changes) {
    this.editor.say("saving");
    const { url, csrf } = this.editor.dataset;
    const headers = { "Content-Type": "application/json", "If-Match": `"${this.seen}"`, "X-CSRF-Token": csrf };
    const request = { method: "PATCH", headers, body: JSON.stringify({ changes }), redirect: "manual" };
    for (;;) {
      const answer = await fetch(url, request).catch(() => undefined);
      if (answer && answer.status < 500) return this.read(answer);
      this.editor.say("away");
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  async read(answer) {
    const body = await answer.json().catch(() => ({}));
    if (body.tag) this.seen = body.tag;
    return { status: answer.status, body };
  }
}
