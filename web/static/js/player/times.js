// Seconds as people and addresses write them.
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

// `90`, `90s`, `1m30s`, `1h2m3.5s` or `12:04`; null for anything else.
export function parse(text) {
  if (/^\d+(:[0-5]?\d){1,2}$/.test(text)) {
    return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  }
  const found = /^(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text);
  if (!found) return null;
  const [hours, minutes, rest] = found.slice(1).map((part) => Number(part ?? 0));
  return hours * 3600 + minutes * 60 + rest;
}

export const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
