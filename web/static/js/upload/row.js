// One row of the tray, made to say what its item says.

import { phrase } from "./words.js";

// What may be done with a file, by its state; what has ended may be taken off the list.
const ACTIONS = {
  waiting: ["cancel"],
  hashing: ["cancel"],
  asking: ["cancel"],
  queued: ["cancel"],
  sending: ["pause", "cancel"],
  retrying: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  stalled: ["retry", "cancel"],
  checking: ["stop"],
  failed: ["retry", "forget"],
};
const MOVING = new Set(["hashing", "sending", "paused", "retrying", "stalled"]);

/** `words` are the tray's sentences; `address` has ASSET where an asset's id goes. */
export function draw(row, item, words, address) {
  const part = (name) => row.querySelector(`[data-part="${name}"]`);
  row.dataset.state = item.state;
  part("name").textContent = item.name;
  if (item.asset) part("name").href = address.replace("ASSET", item.asset);
  part("note").textContent = phrase(words, item);
  progress(part("bar"), item);
  const allowed = ACTIONS[item.state] ?? ["forget"];
  const focused = row.contains(document.activeElement);
  for (const button of row.querySelectorAll("button[data-act]")) {
    const { act } = button.dataset;
    button.hidden = !allowed.includes(act);
    button.setAttribute("aria-label", words[`act-${act}`].replace("{name}", item.name));
  }
  if (focused && !row.contains(document.activeElement)) focusIn(row);
}

/** Put the focus on the first control of a row, or of whatever else is given. */
export function focusIn(element) {
  element?.querySelector("button:not([hidden]), a[href]")?.focus();
}

function progress(bar, item) {
  bar.hidden = !MOVING.has(item.state) && item.state !== "checking";
  bar.setAttribute("aria-label", item.name);
  // Without a value it says “busy”: how long the check takes nobody knows.
  if (MOVING.has(item.state)) bar.value = item.fraction;
  else bar.removeAttribute("value");
}
