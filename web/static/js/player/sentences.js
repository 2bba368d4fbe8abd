// Cues are broken for reading on a picture; people read and search sentences.
const LONGEST = 240;
const PAUSE_S = 2.5;
const ENDED = /[.?!…。？！]["”’)]?$/;

export function sentencesOf(cues) {
  const found = [];
  for (const cue of cues) {
    const shown = cue.getCueAsHTML();
    const text = shown.textContent.replace(/\s+/g, " ").trim();
    // A voice becomes an element with the speaker's name as its title.
    const speaker = shown.querySelector("[title]")?.title ?? "";
    const last = found.at(-1);
    const fresh = !last || last.speaker !== speaker || ENDED.test(last.text) || cue.startTime - last.end > PAUSE_S;
    if (fresh || last.text.length + text.length > LONGEST) {
      found.push({ start: cue.startTime, end: cue.endTime, text, speaker });
    } else {
      last.text += ` ${text}`;
      last.end = cue.endTime;
    }
  }
  return found;
}

// Without case and accents, a letter for a letter, so that places in it are places in the text.
export function plain(text) {
  const bare = (letter) => letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return [...text].map((letter) => (bare(letter).length === letter.length ? bare(letter) : letter)).join("");
}

// The text with what was looked for marked; as it is where that does not stand in it.
export function marked(text, wanted) {
  const at = wanted ? plain(text).indexOf(wanted) : -1;
  if (at < 0) return [text];
  const mark = document.createElement("mark");
  mark.textContent = text.slice(at, at + wanted.length);
  return [text.slice(0, at), mark, text.slice(at + wanted.length)];
}
