// What a browser remembers for its learner: choices for all players, and where each file was left.
const CHOICES = "lectern.player";
const PLACES = "lectern.places";
const MOST_PLACES = 200;
// Nearer to the beginning or the end nobody wants to be asked.
const EDGE_S = 10;

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {}; // private browsing, or somebody else's words
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden: then nothing is remembered.
  }
}

export const choices = () => read(CHOICES);

export function choose(name, value) {
  write(CHOICES, { ...choices(), [name]: value });
}

export function placeOf(key) {
  return read(PLACES)[key]?.[0] ?? 0;
}

export function leave(key, seconds, duration) {
  const { [key]: _, ...others } = read(PLACES);
  const kept = Object.entries(others).sort(([, a], [, b]) => b[1] - a[1]).slice(0, MOST_PLACES - 1);
  const within = seconds > EDGE_S && seconds < (duration || Infinity) - EDGE_S;
  if (within) kept.unshift([key, [Math.floor(seconds), Date.now()]]);
  write(PLACES, Object.fromEntries(kept));
}
