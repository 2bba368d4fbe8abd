// Asking again for what a page shows, when news may have been missed.
const MOST = 200;
let connectedBefore = false;

// What is on its way (and, unless `onlyBusy`, what is on screen) is asked for in one request, with
// what is newer than the first card. `live` is the <live-updates> that knows the address.
export function refresh(live, onlyBusy) {
  const params = [...document.querySelectorAll("card-grid [data-asset]:not([data-trashed])")]
    .filter((card) => card.dataset.state === "processing" || (!onlyBusy && visible(card)))
    .slice(0, MOST)
    .map((card) => `id=${card.dataset.asset}`);
  const first = document.querySelector("[data-newest-first] [data-asset]");
  if (first) params.push(`top=${first.dataset.asset}`);
  if (params.length) {
    // What was searched for is marked in what comes.
    const marks = JSON.parse(document.getElementById("results")?.dataset.marks ?? "[]");
    for (const word of marks) params.push(`mark=${encodeURIComponent(word)}`);
    const url = `${live.dataset.refresh}?${params.join("&")}`;
    window.htmx.ajax("GET", url, { source: live, target: live, swap: "none" });
  }
  if (document.querySelector("#results .empty--drop")) tell("library-changed");
  for (const part of document.querySelectorAll("[data-asset-page]")) {
    tell(`asset-${part.dataset.assetPage}`);
  }
  // What a page asks for as it loads is new enough when it connects for the first time.
  if (connectedBefore) tell("live-refresh");
  connectedBefore = true;
}

// Parts of pages listen on the body, by htmx's `from:body`.
export function tell(name, detail) {
  document.body.dispatchEvent(new CustomEvent(name, { detail }));
}

function visible(card) {
  const box = card.getBoundingClientRect();
  return box.bottom > 0 && box.top < window.innerHeight;
}
