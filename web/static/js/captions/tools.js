// What the tools and keys of the editor do; each is called with the editor.
import { UNSURE } from "./words.js";
import { cueOf, draftAfter, text } from "./rows.js";

const LEAST_ROOM_S = 0.3;
const NEW_CUE_S = 2;

const rounded = (seconds) => Math.round(seconds * 1000) / 1000;

export const tools = {
  toggle: ({ media }) => (media?.paused ? media.play() : media?.pause()),
  up: (editor) => go(editor, -1),
  down: (editor) => go(editor, 1),

  "play-word"(editor) {
    const words = editor.wordsOf(editor.current);
    const caret = text(editor.current).selectionStart;
    editor.play((words.findLast(({ from }) => from <= caret) ?? words[0])?.at);
  },

  async split(editor) {
    const row = editor.current;
    const at = text(row).selectionStart;
    const next = editor.wordsOf(row).find(({ from }) => from >= at);
    // Where the text changes by being saved, the cursor stays at its word.
    const time = next?.heard ? next.at : null;
    if (!(await editor.change(row, (before) => ({ kind: "split", before, at, time })))) return;
    const second = editor.rows.near(row, 1);
    if (second) focus(second, 0);
  },

  join: (editor) => join(editor, editor.current, editor.rows.near(editor.current, 1)),
  "join-before": (editor) => join(editor, editor.rows.near(editor.current, -1), editor.current),

  insert(editor) {
    const row = editor.current;
    if (row.dataset.draft !== undefined) return undefined;
    const start = Number(row.dataset.end);
    const next = editor.rows.near(row, 1);
    const end = Math.min(start + NEW_CUE_S, next ? Number(next.dataset.start) : Infinity);
    if (end - start < LEAST_ROOM_S) return editor.toast(editor.dataset.room);
    return focus(draftAfter(row, start, rounded(end)), 0);
  },

  async remove(editor) {
    const row = editor.current;
    const near = editor.rows.near(row, 1) ?? editor.rows.near(row, -1);
    if (row.dataset.draft !== undefined) drop(row);
    else if (!(await editor.change(row, (before) => ({ kind: "splice", before, after: [] })))) return;
    // Rows are used again: what came after is here now.
    const here = row.isConnected ? row : near;
    if (here?.isConnected) focus(here, 0);
  },

  begin: (editor) => editor.retime({ start: rounded(editor.media?.currentTime ?? 0) }),
  end: (editor) => editor.retime({ end: rounded(editor.media?.currentTime ?? 0) }),
  edges: (editor) => editor.querySelector("[data-edge]").focus(),

  async undo(editor) {
    await editor.flush();
    const last = editor.changes.pop();
    if (!last) return editor.toast(editor.dataset.nothing);
    const change = { kind: "splice", before: last.after, after: last.before };
    const done = await editor.send(() => [change], { keep: false });
    if (!done) return undefined;
    const row = editor.rows.at((last.before[0] ?? last.after[0]).start + 0.0005);
    if (row) focus(row);
    return editor.toast(editor.dataset.undone);
  },

  // In the order of time, after the cursor.
  doubt(editor) {
    const all = doubts(editor);
    const here = editor.rows.items.indexOf(editor.current);
    const caret = text(editor.current).selectionEnd;
    look(editor, all.find(({ index, from }) => index > here || (index === here && from >= caret)) ?? all[0]);
  },

  // The least sure first, each once.
  doubts(editor) {
    const left = doubts(editor).filter(({ said }) => !editor.looked.has(said));
    const [least] = left.sort((one, other) => one.sure - other.sure);
    if (least) editor.looked.add(least.said);
    else editor.looked.clear();
    look(editor, least);
  },
};

export function focus(row, at) {
  text(row).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (at !== undefined) text(row).setSelectionRange(at, at);
}

function drop(draft) {
  // Leaving it would take it away once more.
  draft.gone = true;
  draft.remove();
}

function go(editor, by) {
  const rows = [...editor.rows.list.children];
  const next = rows[rows.indexOf(editor.current) + by];
  if (next) focus(next);
}

async function join(editor, first, second) {
  if (!first || !second) return;
  await editor.flush();
  const at = text(first).value.length + 1;
  const make = () => [{ kind: "join", before: [cueOf(first), cueOf(second)] }];
  if (await editor.send(make)) focus(first, at);
}

function doubts(editor) {
  return editor.rows.items.flatMap((row, index) =>
    editor
      .wordsOf(row)
      .filter(({ heard, sure }) => heard && sure !== null && sure < UNSURE)
      .map((word) => ({ ...word, row, index, said: word.at })),
  );
}

function look(editor, found) {
  if (!found) return editor.toast(editor.dataset.sure);
  focus(found.row);
  text(found.row).setSelectionRange(found.from, found.to);
  if (editor.media) editor.media.currentTime = found.at;
  const percent = Math.round(found.sure * 100);
  const sentence = editor.dataset.doubt.replace("WORD", found.word).replace("PERCENT", percent);
  editor.part("said").textContent = sentence;
  return undefined;
}
