// Two people changed the same cue: both texts are shown, and who is here chooses.
import { cueOf, text } from "./rows.js";

export function conflict(editor, row, cue, mine) {
  if (!row) {
    // Somebody deleted it; what was typed comes back as a cue of its own.
    editor.send(() => [{ kind: "splice", before: [], after: [{ ...cue, text: mine }] }]);
    return;
  }
  row.held = true;
  const box = told(row, `${editor.dataset.conflict} `);
  const theirs = document.createElement("q");
  Object.assign(theirs, { textContent: text(row).defaultValue, lang: text(row).lang, dir: "auto" });
  box.append(
    theirs,
    button(editor.dataset.mine, () => {
      done(row);
      row.dirty = true;
      editor.save(row);
    }),
    button(editor.dataset.theirs, () => {
      done(row);
      row.dirty = false;
      text(row).value = cueOf(row).text;
      editor.told();
    }),
  );
}

// A sentence beside a row, which goes with the next change.
export function told(row, sentence) {
  row.querySelector(".cue__told")?.remove();
  const box = document.createElement("div");
  box.className = "cue__told small";
  box.setAttribute("role", "alert");
  box.append(sentence);
  row.append(box);
  return box;
}

function done(row) {
  row.held = false;
  row.querySelector(".cue__told")?.remove();
  text(row).focus();
}

function button(word, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button--small";
  made.textContent = word;
  made.addEventListener("click", action);
  return made;
}
