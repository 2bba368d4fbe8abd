// What the queue asks the server besides sending bytes.

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Assets with exactly these bytes; none when the question could not be asked. */
export async function duplicates(config, { digest, size, stop }) {
  try {
    const answer = await fetch(config.check, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": config.csrf },
      body: JSON.stringify({ digest, size }),
      signal: stop.signal,
    });
    return answer.ok ? (await answer.json()).duplicates : [];
  } catch {
    return []; // the server looks again when the bytes have arrived
  }
}

/** The address of a half-sent upload of this very file, or null. The page lists them (#open-uploads). */
export function halfSent({ name, size, digest }) {
  const row = [...document.querySelectorAll("[data-open-upload]")].find(
    ({ dataset }) =>
      Number(dataset.size) === size &&
      (dataset.digest && digest ? dataset.digest === digest : dataset.name === name),
  );
  if (!row) return null;
  const { address } = row.dataset;
  row.remove();
  return address;
}

/** Take from the server's list what this page is sending itself: that has a row of its own. */
export function takeOver(list, items) {
  const mine = new Set(items.map(({ address }) => address && new URL(address, location).pathname));
  for (const row of list.querySelectorAll("[data-upload-row][data-address]")) {
    if (mine.has(row.dataset.address)) row.remove();
  }
}

/** Wait for the server's verdict on a whole upload: done, refused, failed or expired. */
export async function outcome(address, signal) {
  for (let wait = 400; ; wait = Math.min(wait * 1.4, 3000)) {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, signal });
      if (answer.ok) {
        const upload = await answer.json();
        if (!["receiving", "checking"].includes(upload.state)) return upload;
      } else if (answer.status < 500) {
        return { state: "failed", asset: null, reason: (await answer.json()).detail };
      }
    } catch (error) {
      if (signal.aborted) throw error;
    }
    await pause(wait);
  }
}

/** Stop the check of a whole upload, and list it with what waits for a person. */
export function stop(config, { address }) {
  const id = new URL(address, location).pathname.split("/").pop();
  const target = { target: "#open-uploads", swap: "outerHTML" };
  window.htmx.ajax("POST", config.stop.replace("UPLOAD", id), target);
}
