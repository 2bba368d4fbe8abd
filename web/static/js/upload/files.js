// Files with the folder they came from, out of a drop, a paste or an <input type=file>.

// What operating systems leave in folders; nobody means to upload it.
const LITTER = /^(\.DS_Store|Thumbs\.db|desktop\.ini|\._.*)$/i;

/** True when a drag or paste carries files. */
export function carriesFiles(transfer) {
  return Boolean(transfer) && [...transfer.types].includes("Files");
}

/** [{file, folder}] of a drop; folders are walked. Call it inside the event: entries expire with it. */
export async function fromDrop(transfer) {
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push({ file: entry, folder: "" });
    else if (entry) await walk(entry, "", found);
  }
  return found;
}

async function walk(entry, folder, found) {
  if (entry.isFile) {
    if (folder && LITTER.test(entry.name)) return;
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, folder });
    return;
  }
  const inside = folder ? `${folder}/${entry.name}` : entry.name;
  const reader = entry.createReader();
  // A reader hands out at most 100 entries a call, and an empty list at the end.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const child of some) await walk(child, inside, found);
  }
}

/** [{file, folder}] of an input; with `webkitdirectory` each file knows its path. */
export function fromInput(input) {
  return [...input.files]
    .map((file) => ({ file, folder: (file.webkitRelativePath || "").split("/").slice(0, -1).join("/") }))
    .filter(({ file, folder }) => !folder || !LITTER.test(file.name));
}

/** [{file, folder}] of a paste. A screenshot has no name of its own and gets `name` and the time. */
export function fromPaste(clipboard, name) {
  return [...clipboard.files].map((file) => {
    if (!/^image\.\w+$/.test(file.name)) return { file, folder: "" };
    const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000);
    const stamp = now.toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
    const named = `${name} ${stamp}.${file.name.split(".").pop()}`;
    return { file: new File([file], named, { type: file.type }), folder: "" };
  });
}
