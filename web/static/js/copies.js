// What was merged is done: its dialog goes, and the page asks for its groups again by itself.
document.addEventListener("duplicates-changed", ({ target }) => target.closest?.("dialog")?.close());
