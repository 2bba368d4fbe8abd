// The keys of a player. They act while the focus is inside it, and leave alone what a control of its own uses.
const TYPED = "input:not([type=checkbox]), select, textarea, [contenteditable], dialog, [popover], wave-form";
const PRESSED = "button, a, summary, media-play-button, [role=button]";
const RANGES = "media-time-range, media-volume-range, .transcript__lines";
const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);
const LOUDER = 0.1;

const ACTS = {
  " ": (player) => player.toggle(),
  k: (player) => player.toggle(),
  j: (player) => player.skip(-10),
  l: (player) => player.skip(10),
  ArrowLeft: (player) => player.skip(-5),
  ArrowRight: (player) => player.skip(5),
  ArrowUp: (player) => player.turn(LOUDER),
  ArrowDown: (player) => player.turn(-LOUDER),
  m: (player) => player.mute(),
  c: (player) => player.settings.toggleCaptions(),
  f: (player) => player.press("media-fullscreen-button"),
  "<": (player) => player.settings.stepRate(-1),
  ">": (player) => player.settings.stepRate(1),
  n: (player) => player.chapters.step(1),
  p: (player) => player.chapters.step(-1),
  Home: (player) => player.go(0),
  End: (player) => player.go(player.media.duration),
  "?": (player) => player.help(),
};

function actOf(key) {
  if (/^\d$/.test(key)) return (player) => player.go((player.media.duration * Number(key)) / 10);
  return ACTS[key] ?? ACTS[key.toLowerCase()];
}

export function press(player, event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target.closest(TYPED) || (key === " " && pressed(target))) return;
  if (MOVES.has(key) && target.closest(RANGES)) return;
  const act = actOf(key);
  if (!act || !player.settings.keys) return;
  event.preventDefault();
  act(player);
}

// media-chrome's buttons are elements of its own, which the space bar presses.
function pressed(target) {
  return target.closest(PRESSED) || target.localName.match(/^media-.*-(button|display)$/);
}
