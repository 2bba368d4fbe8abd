// <growth-chart data-rows='[{label, bytes, total, came, all}]'>: bars by month under a line of all that is stored.
// The page has the same as a table, so the drawing itself is hidden from screen readers.

const STEPS = ["B", "KB", "MB", "GB", "TB", "PB"];
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

class GrowthChart extends HTMLElement {
  connectedCallback() {
    this.setAttribute("aria-hidden", "true");
    this.rows = JSON.parse(this.dataset.rows);
    this.chart = globalThis.echarts.init(this, null, { renderer: "canvas" });
    this.draw();
    this.watch = new ResizeObserver(() => this.chart.resize());
    this.watch.observe(this);
    this.redraw = () => this.draw();
    dark.addEventListener("change", this.redraw);
  }

  disconnectedCallback() {
    this.watch?.disconnect();
    dark.removeEventListener("change", this.redraw);
    this.chart?.dispose();
  }

  draw() {
    const colour = tokens(this);
    const axis = { axisLabel: { color: colour("--ink-3") }, axisLine: { lineStyle: { color: colour("--line") } } };
    this.chart.setOption({
      animation: !still.matches,
      textStyle: { fontFamily: getComputedStyle(this).fontFamily },
      grid: { left: 8, right: 12, top: 40, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, icon: "roundRect", textStyle: { color: colour("--ink-2") } },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: colour("--surface-raised"),
        borderColor: colour("--line"),
        textStyle: { color: colour("--ink") },
        formatter: ([{ dataIndex }]) => this.words(this.rows[dataIndex]),
      },
      xAxis: { type: "category", data: this.rows.map(({ label }) => label), axisTick: { show: false }, ...axis },
      yAxis: {
        type: "value",
        splitNumber: 4,
        splitLine: { lineStyle: { color: colour("--line") } },
        ...axis,
        axisLabel: { color: colour("--ink-3"), formatter: size },
      },
      series: [
        this.series("bar", this.dataset.came, "bytes", colour("--chalk"), { barMaxWidth: 28 }),
        this.series("line", this.dataset.all, "total", colour("--accent"), {
          showSymbol: this.rows.length < 3,
          areaStyle: { opacity: 0.12 },
          lineStyle: { width: 2 },
        }),
      ],
    });
  }

  series(type, name, key, color, more) {
    return { type, name, data: this.rows.map((row) => row[key]), itemStyle: { color }, ...more };
  }

  words({ label, came, all }) {
    return `${label}\n${this.dataset.came}: ${came}\n${this.dataset.all}: ${all}`;
  }
}

// A canvas knows neither custom properties nor light-dark(): each colour is asked of the page, and painted once.
function tokens(element) {
  const probe = document.createElement("span");
  const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  return (name) => {
    element.append(probe);
    probe.style.color = `var(${name})`;
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = getComputedStyle(probe).color;
    brush.fillRect(0, 0, 1, 1);
    probe.remove();
    const [red, green, blue] = brush.getImageData(0, 0, 1, 1).data;
    return `rgb(${red}, ${green}, ${blue})`;
  };
}

function size(bytes) {
  const step = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 0), STEPS.length - 1);
  return `${+(bytes / 1000 ** step).toFixed(1)} ${STEPS[step]}`;
}

customElements.define("growth-chart", GrowthChart);
