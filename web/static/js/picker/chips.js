// The tray of the picker: what is chosen, in order, as chips that take it out again.

/** Show what is chosen, and what can be done with it: `chosen` maps asset ids to names. */
export function showTray(picker, chosen, words) {
  const part = (selector) => picker.querySelector(selector);
  const count = chosen.size;
  part("[data-tray]").replaceChildren(...chips(chosen, words.drop));
  part(".picker__insert").textContent = count === 1 ? words.one : words.several.replace("{count}", count);
  part(".picker__insert").hidden = !count;
  part("[data-act=clear]").hidden = !count;
  part("[data-hint]").hidden = Boolean(count);
}

// `word` is what a chip's button is called, with {name}.
function chips(chosen, word) {
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
