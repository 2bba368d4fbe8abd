// What a row of the tray says about its file. Sentences come from the server, numbers from Intl.

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const locale = document.documentElement.lang || undefined;

/** Bytes as people read them, in powers of 1000 as file managers count: `1.2 GB`. */
export function byteSize(bytes) {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[power],
    unitDisplay: power ? "short" : "long",
    maximumFractionDigits: value < 9.95 && power ? 1 : 0,
  }).format(value);
}

function timeLeft(seconds) {
  const unit = seconds < 60 ? "second" : seconds < 3600 ? "minute" : "hour";
  const value = Math.ceil(seconds / { second: 1, minute: 60, hour: 3600 }[unit]);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(value);
}

/** The sentence for an item's state: `words` has one by state, some with {places} for numbers. */
export function phrase(words, item) {
  if (item.reason) return item.reason;
  let key = item.state;
  if (key === "sending" && item.remaining !== null) key = "sending-timed";
  if (key === "failed" && item.signedOut) key = "failed-signed-out";
  if (key === "done" && item.replaces) key = "done-version";
  else if (key === "done" && item.duplicateOf) {
    key = item.duplicateOf === item.asset ? "done-reused" : "done-kept";
  }
  return words[key]
    .replace("{sent}", byteSize(item.bytes))
    .replace("{size}", byteSize(item.size))
    .replace("{rate}", byteSize(item.rate))
    .replace("{left}", item.remaining === null ? "" : timeLeft(item.remaining))
    .replace("{percent}", Math.floor(item.fraction * 100));
}

/** The tray's headline: how far all of it is, or how it ended. */
export function summary(words, items) {
  if (!items.length) return words.none;
  const count = (states) => items.filter(({ state }) => states.includes(state)).length;
  const total = items.reduce((sum, item) => sum + item.size, 0);
  const sent = items.reduce((sum, item) => sum + (item.ended ? 1 : item.fraction) * item.size, 0);
  const ended = items.filter((item) => item.ended).length;
  const bad = count(["refused", "failed"]);
  let key = bad ? "idle-bad" : "idle";
  if (ended < items.length) key = items.some((item) => item.open) ? "busy" : "busy-checking";
  return words[key]
    .replace("{ended}", ended)
    .replace("{all}", items.length)
    .replace("{bad}", bad)
    .replace("{percent}", Math.floor((sent / (total || 1)) * 100));
}

/** What is read out when files have come to an end. */
export function news(words, items) {
  return items.map((item) => `${item.name}: ${phrase(words, item)}`).join(" ");
}
