// <archive-import>: sends a chosen archive whole, and goes to the page that says what it changes.
class ArchiveImport extends HTMLElement {
  connectedCallback() {
    if (this.field) return;
    this.field = this.querySelector('input[type="file"]');
    this.box = this.querySelector(".exchange__progress");
    this.status = this.querySelector('[role="status"]');
    this.bar = this.querySelector("progress");
    this.error = this.querySelector('[role="alert"]');
    this.field.addEventListener("change", () => {
      if (this.field.files[0]) this.send(this.field.files[0]);
    });
  }

  disconnectedCallback() {
    this.request?.abort();
  }

  send(file) {
    this.fail("");
    if (file.size > Number(this.dataset.most)) {
      this.fail(this.dataset.tooLarge);
      return;
    }
    this.say(this.dataset.sending, file.name, true);
    const request = (this.request = new XMLHttpRequest());
    // fetch does not say how much of a body has been sent.
    request.open("POST", `${this.dataset.address}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/zip");
    request.setRequestHeader("X-CSRF-Token", this.dataset.token);
    // So that a refusal comes as a fragment with its sentence, not as a page.
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("HX-Request-Type", "partial");
    request.upload.addEventListener("progress", (event) => {
      this.bar.value = event.lengthComputable ? event.loaded / event.total : 0;
    });
    request.upload.addEventListener("load", () => {
      this.bar.removeAttribute("value");
      this.say(this.dataset.reading, file.name, true);
    });
    request.addEventListener("load", () => this.answered(request));
    request.addEventListener("error", () => this.fail(this.dataset.away));
    request.send(file);
  }

  answered(request) {
    if (request.status === 201) {
      location.assign(JSON.parse(request.responseText).address);
    } else {
      const problem = new DOMParser().parseFromString(request.responseText, "text/html");
      this.fail([...problem.querySelectorAll("#problem p")].at(-1)?.textContent || this.dataset.away);
    }
  }

  say(words, name, busy) {
    this.ariaBusy = String(busy);
    this.box.hidden = !busy;
    this.status.textContent = words.replace("{name}", name);
  }

  fail(words) {
    this.ariaBusy = "false";
    this.box.hidden = true;
    this.bar.value = 0;
    this.field.value = "";
    this.error.hidden = !words;
    this.error.textContent = words;
    if (words) this.field.focus();
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

customElements.define("archive-import", ArchiveImport);
