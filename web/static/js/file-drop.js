// <file-drop>: takes files from anywhere in the window (drop, paste, buttons) into the upload queue.
//
// Inside it: [data-target], shown while files hover over the window, and two file inputs, one of
// them with `webkitdirectory`. Any control of the page with data-upload="files" or "folder" opens
// the chooser; with data-replaces="ASSET" the one chosen file becomes that asset's next version.
import { carriesFiles, fromDrop, fromInput, fromPaste } from "./upload/files.js";
import { queue } from "./upload/queue.js";

class FileDrop extends HTMLElement {
  #stop;
  #depth = 0;
  #replaces = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    addEventListener("dragenter", (event) => this.#hover(event, 1), { signal });
    addEventListener("dragleave", (event) => this.#hover(event, -1), { signal });
    addEventListener("dragover", (event) => this.#allow(event), { signal });
    addEventListener("drop", (event) => this.#drop(event), { signal });
    addEventListener("paste", (event) => this.#paste(event), { signal });
    document.addEventListener("click", (event) => this.#choose(event), { signal });
    for (const input of this.querySelectorAll("input[type=file]")) {
      input.addEventListener("change", () => this.#chosen(input), { signal });
    }
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  // Entering a child fires before leaving its parent, so depth is counted, not looked up.
  #hover(event, step) {
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    this.#depth = Math.max(0, this.#depth + step);
    this.#show(this.#depth > 0);
  }

  #allow(event) {
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  }

  // A modal dialog lies in the top layer; only a popover opened after it can lie above.
  #show(on) {
    const target = this.querySelector("[data-target]");
    if (target.matches(":popover-open") !== on) target.togglePopover(on);
  }

  async #drop(event) {
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    this.#depth = 0;
    this.#show(false);
    queue.add(await fromDrop(event.dataTransfer));
  }

  #paste(event) {
    const files = fromPaste(event.clipboardData, this.dataset.pasted);
    // Word processors put a picture beside copied text; in a text field the text is meant.
    const typing = event.target.closest?.("input, textarea, [contenteditable]");
    if (!files.length || (typing && event.clipboardData.types.includes("text/plain"))) return;
    event.preventDefault();
    queue.add(files);
  }

  #choose(event) {
    const control = event.target.closest("[data-upload]");
    if (!control) return;
    event.preventDefault();
    this.#replaces = control.dataset.replaces ?? null;
    const input = this.querySelector(
      control.dataset.upload === "folder" ? "input[webkitdirectory]" : "input:not([webkitdirectory])",
    );
    input.multiple = !this.#replaces;
    input.click();
  }

  #chosen(input) {
    queue.add(fromInput(input), { replaces: this.#replaces });
    this.#replaces = null;
    input.value = ""; // so that choosing the same file again is a change again
  }
}

customElements.define("file-drop", FileDrop);
