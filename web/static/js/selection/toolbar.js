// The keys of an ARIA toolbar: one tab stop, arrows between its controls.

export function moveAlong(toolbar, signal) {
  const controls = () => [...toolbar.querySelectorAll("button, a[href]")].filter((each) => each.checkVisibility());
  const stopAt = (control) => {
    for (const each of toolbar.querySelectorAll("button, a")) each.tabIndex = each === control ? 0 : -1;
  };
  toolbar.addEventListener("focusin", ({ target }) => stopAt(target.closest("button, a")), { signal });
  toolbar.addEventListener(
    "keydown",
    (event) => {
      const all = controls();
      const at = all.indexOf(document.activeElement);
      const to = {
        ArrowRight: (at + 1) % all.length,
        ArrowLeft: (at - 1 + all.length) % all.length,
        Home: 0,
        End: all.length - 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      all[to].focus();
    },
    { signal },
  );
  stopAt(toolbar.querySelector("button"));
}
