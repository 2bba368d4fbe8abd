// Which tool a key means. None is a letter alone, and Tab stays what it is everywhere.
const WITH_ALT = {
  b: "begin",
  e: "end",
  g: "glossary",
  h: "find",
  i: "insert",
  j: "join",
  l: "doubts",
  n: "doubt",
  r: "remove",
  s: "shift",
  t: "edges",
  z: "undo",
};

export function toolOf(event) {
  const { altKey, ctrlKey, metaKey, shiftKey, key, code } = event;
  if (key === "Escape") return "toggle";
  if (key === "Enter") return altKey ? "play-word" : ctrlKey || metaKey ? "split" : undefined;
  if (!altKey || ctrlKey || metaKey) return undefined;
  if (key === "ArrowUp" || key === "ArrowDown") return key === "ArrowUp" ? "up" : "down";
  if (key === "/" || key === "?" || code === "Slash") return "help";
  // With Option a Mac writes other letters; elsewhere the letter on the key counts.
  const letter = /^[a-z]$/i.test(key) ? key.toLowerCase() : code.replace(/^Key/, "").toLowerCase();
  if (letter === "j" && shiftKey) return "join-before";
  return WITH_ALT[letter];
}
