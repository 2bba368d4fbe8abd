// The tray of the picker: what is chosen, in order, as chips that take it out again.

/** `chosen` maps asset ids to names; `word` is what a chip's button is called, with {name}. */
export function chips(chosen, word) {
  return [...chosen].map(([id, name]) => {
    const drop = document.createElement("button");
    Object.assign(drop, { type: "button", className: "chip", textContent: name });
    drop.dataset.act = "drop";
    drop.setAttribute("aria-label", word.replace("{name}", name));
    const value = document.createElement("input");
    Object.assign(value, { type: "hidden", name: "tray", value: id });
    const chip = document.createElement("li");
    chip.dataset.id = id;
    chip.append(drop, value);
    return chip;
  });
}
