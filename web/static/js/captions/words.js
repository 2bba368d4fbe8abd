// Which of the heard words each word of a cue is: from there it is played, and where the machine
// was not sure it is worth a look.
export const UNSURE = 0.5;
const AROUND_S = 1.2;
const fold = (word) => word.toLocaleLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

export class Words {
  // `heard` are [seconds, word, confidence], in order.
  constructor(heard) {
    this.heard = heard.map(([at, word, sure]) => ({ at, folded: fold(word), sure }));
  }

  // The words of a text shown from `start` to `end`: where they are in it, when they are said, and
  // how surely; by their place in the text where they were not heard so.
  of({ start, end }, words) {
    const found = [...words.matchAll(/\S+/g)].map((match) => ({
      word: match[0],
      from: match.index,
      to: match.index + match[0].length,
      at: start + ((end - start) * match.index) / Math.max(1, words.length),
    }));
    const near = this.heard.slice(this.first(start - AROUND_S), this.first(end + AROUND_S));
    for (const [mine, theirs] of common(found, near)) {
      Object.assign(found[mine], { at: near[theirs].at, sure: near[theirs].sure, heard: true });
    }
    return found;
  }

  first(seconds) {
    let [low, high] = [0, this.heard.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.heard[middle].at < seconds) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// The longest common subsequence, as pairs of indices.
function common(mine, theirs) {
  const [rows, columns] = [mine.length, theirs.length];
  const folded = mine.map(({ word }) => fold(word));
  const best = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      const same = folded[i] && folded[i] === theirs[j].folded;
      best[i][j] = same ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (folded[i] && folded[i] === theirs[j].folded) pairs.push([i++, j++]);
    else if (best[i + 1][j] >= best[i][j + 1]) i += 1;
    else j += 1;
  }
  return pairs;
}
