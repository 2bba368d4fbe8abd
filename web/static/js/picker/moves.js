// Which item an arrow key leads to, in a grid as it is laid out on the screen just now.

export function neighbour(items, item, { key, ctrlKey }) {
  const at = items.indexOf(item);
  const second = items.findIndex((each) => each.offsetTop > items[0].offsetTop);
  const across = second > 0 ? second : items.length;
  const start = at - (at % across);
  const last = items.length - 1;
  const to = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + across,
    ArrowUp: at - across,
    Home: ctrlKey ? 0 : start,
    End: ctrlKey ? last : Math.min(start + across - 1, last),
    PageDown: Math.min(at + 3 * across, last),
    PageUp: Math.max(at - 3 * across, 0),
  }[key];
  return items[to];
}
