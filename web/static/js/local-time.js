// <local-time><time datetime="…Z">…</time></local-time>: the moment in the reader's zone and language.
const UNITS = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86400],
];

class LocalTime extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    const moment = new Date(time?.dateTime ?? "");
    if (!time || Number.isNaN(moment.getTime())) return;
    const language = document.documentElement.lang || undefined;
    time.title = moment.toLocaleString(language, { dateStyle: "full", timeStyle: "short" });
    time.textContent = this.words(moment, language);
  }

  words(moment, language) {
    const past = (Date.now() - moment.getTime()) / 1000;
    if (past >= 0 && past < 60) {
      return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "second");
    }
    if (past >= 0 && past < 6 * 86400) {
      const [unit, seconds] = UNITS.findLast(([, size]) => past >= size);
      const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
      return format.format(-Math.floor(past / seconds), unit);
    }
    return moment.toLocaleDateString(language, { dateStyle: "medium" });
  }
}

customElements.define("local-time", LocalTime);
