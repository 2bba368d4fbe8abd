// Times as people read and write them.
const WRITTEN = /^\s*(?:(\d+):)?(?:(\d{1,2}):)?(\d+)(?:[.,](\d{1,3}))?\s*$/;

// 62.5 is 01:02.500; hours only where there are some.
export function clock(seconds) {
  const ms = Math.round(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const rest = `${two(minutes)}:${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
  return hours ? `${two(hours)}:${rest}` : rest;
}

// The inverse; undefined for what is no time. Seconds alone will do.
export function secondsOf(text) {
  const match = WRITTEN.exec(text);
  if (!match) return undefined;
  const [, first, second, last, decimals = "0"] = match;
  const [hours, minutes] = second === undefined ? [0, first ?? 0] : [first, second];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(last) + Number(`0.${decimals}`);
}
