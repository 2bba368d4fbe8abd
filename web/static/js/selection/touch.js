// A long press selects: where there is no hover and no Ctrl key, this is how selecting begins.
const HOLD_MS = 500;
const SLACK_PX = 10;

export function longPress(grid, select, signal) {
  let press = null;
  let held = false;
  const end = () => {
    clearTimeout(press?.timer);
    press = null;
  };
  const listen = (name, action, options) => grid.addEventListener(name, action, { signal, ...options });
  listen("pointerdown", (event) => {
    held = false;
    const item = event.pointerType === "touch" && event.isPrimary && event.target.closest("[data-asset]");
    if (!item || event.target.closest("button, input")) return;
    end();
    const timer = setTimeout(() => {
      held = true;
      navigator.vibrate?.(12);
      select(item);
    }, HOLD_MS);
    press = { timer, x: event.clientX, y: event.clientY };
  });
  listen("pointermove", (event) => {
    if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > SLACK_PX) end();
  });
  for (const name of ["pointerup", "pointercancel"]) listen(name, end);
  // Neither the browser's own menu nor the click that ends the press is meant.
  listen("contextmenu", (event) => {
    if (press || held) event.preventDefault();
  });
  listen(
    "click",
    (event) => {
      if (!held) return;
      held = false;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
}
