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
    maximumFractionDigits: value < 100 && power > 1 ? 1 : 0,
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
  if (key === "done" && item.duplicateOf && item.duplicateOf === item.asset) key = "done-reused";
  if (key === "done" && item.duplicateOf && item.duplicateOf !== item.asset) key = "done-kept";
  if (key === "done" && item.replaces) key = "done-version";
  if (key === "sending" && item.remaining !== null) key = "sending-timed";
  return words[key]
    .replace("{sent}", byteSize(item.bytes))
    .replace("{size}", byteSize(item.size))
    .replace("{rate}", byteSize(item.rate))
    .replace("{left}", item.remaining === null ? "" : timeLeft(item.remaining))
    .replace("{percent}", Math.floor(item.fraction * 100));
}
