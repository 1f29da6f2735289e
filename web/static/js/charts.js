// Charts over time, drawn by uPlot (its script is loaded before) from what the server put beside them; the table below
// has the same. Colours are read from the tokens each time a chart is drawn.
import { leadToTimes, markReleases, markSpans, showAmounts } from "./chart_marks.js";
import { axisWords } from "./chart_units.js";

const BAR_SHARE = 0.8; // of the width of a step
const BAR_MAX = 90; // pixels
const DRAG_MIN = 8; // pixels; less is a click
const ROOM = 1.1; // above the highest bar
const HATCH = 6; // pixels from one line of a hatch to the next
const COUNT_STEPS = [...Array(13).keys()].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));
const MARKS = {
  error: { fill: (colour) => colour("--error-solid"), width: 0 },
  loop: { fill: (colour) => colour("--loop-weak"), stroke: (colour) => colour("--loop-solid"), width: 1.5 },
  soft: { fill: hatch, stroke: (colour) => colour("--soft-solid"), width: 1 },
  open: { stroke: (colour) => colour("--open-line"), width: 1, dash: [3, 2] },
  quiet: { fill: (colour) => colour("--data-llm"), width: 0 },
};
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const drawn = new WeakMap(); // chart by its place
const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    drawn.get(target)?.setSize({ width: Math.floor(contentRect.width), height: Math.floor(contentRect.height) });
  }
});

function drawCharts(root) {
  for (const place of root.querySelectorAll("[data-chart]")) if (!drawn.has(place)) draw(place);
}

function draw(place) {
  const told = JSON.parse(place.dataset.chart);
  const values = told.series.map((series) => series.values);
  const until = told.since + values[0].length * told.step;
  const colour = (name) => getComputedStyle(place).getPropertyValue(name).trim();
  const options = {
    width: place.clientWidth,
    height: place.clientHeight,
    padding: [told.releases.length ? 28 : 10, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: "range" in place.dataset, setScale: false, dist: DRAG_MIN } },
    scales: { x: { range: () => [told.since, until] }, y: { range: () => [0, highest(told) * ROOM] } },
    axes: [timeAxis(told, colour), amountAxis(told, colour)],
    series: [{}, ...bars(told, colour), ...line(told, colour)],
    plugins: [markReleases(told), markSpans(told), showAmounts(told), leadToTimes(place)],
  };
  // a step stands at its middle, so that the nearest one is the one below the pointer
  const middles = values[0].map((_, step) => told.since + (step + 0.5) * told.step);
  drawn.set(place, new uPlot(options, [middles, ...values, ...(told.line ? [told.line.values] : [])], place));
  sizes.observe(place);
}

function highest({ series, line, unit }) {
  const sums = series[0].values.map((_, step) => series.reduce((sum, { values }) => sum + values[step], 0));
  return Math.max(...sums, ...(line?.values ?? [])) || (unit === "count" ? 2 : 1);
}

function bars({ series, line }, colour) {
  let ground = series[0].values.map(() => 0);
  return series.map(({ name, sort, values }) => {
    const [from, mark] = [ground, MARKS[sort]];
    const to = values.map((value, step) => value + from[step]);
    ground = to;
    const shape = { y0: { unit: 3, values: () => from }, y1: { unit: 3, values: () => to } };
    const isOver = (value, step) => line?.values[step] != null && value >= line.values[step];
    const fills = () => values.map((value, step) => colour(isOver(value, step) ? "--text-2" : "--data-llm"));
    if (line) shape.fill = { unit: 3, values: fills };
    return {
      label: name,
      width: mark.width,
      dash: mark.dash,
      stroke: mark.stroke && (() => mark.stroke(colour)),
      fill: mark.fill && (() => mark.fill(colour)),
      points: { show: false },
      paths: uPlot.paths.bars({ size: [BAR_SHARE, BAR_MAX], disp: shape }),
    };
  });
}

function line({ line }, colour) {
  if (!line) return [];
  return [{ label: line.name, stroke: () => colour("--text"), width: 1, dash: [4, 3], points: { show: false } }];
}

function hatch(colour) {
  const tile = document.createElement("canvas");
  const size = HATCH * devicePixelRatio;
  tile.width = tile.height = size;
  const context = tile.getContext("2d");
  context.fillStyle = colour("--soft-stripe");
  context.fillRect(0, 0, size, size);
  context.strokeStyle = colour("--soft-solid");
  context.lineWidth = size / 3;
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift, size);
    context.lineTo(shift + size, 0);
  }
  context.stroke();
  return context.createPattern(tile, "repeat");
}

function axis(place, colour) {
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  return { ...place, font, stroke: () => colour("--text-3"), ticks: { show: false } };
}

function timeAxis({ spans }, colour) {
  const gap = spans.length ? 16 : 6; // the marked spans stand between the bars and the times
  const values = (_, times) => times.map((at, tick) => words(at, times[tick - 1]));
  return axis({ space: 70, size: 34 + gap, gap, grid: { show: false }, values }, colour);
}

function words(at, before) {
  const [moment, isDay] = [new Date(at * 1000), day.format(at * 1000) !== (before && day.format(before * 1000))];
  const isMidnight = !moment.getHours() && !moment.getMinutes();
  return isDay ? `${isMidnight && before ? "" : clock.format(moment)}\n${day.format(moment)}` : clock.format(moment);
}

function amountAxis({ unit }, colour) {
  const values = (_, amounts) => amounts.map(axisWords(unit));
  const own = { space: 36, size: 52, gap: 6, values, grid: { stroke: () => colour("--grid"), width: 1 } };
  return axis(unit === "count" ? { ...own, incrs: COUNT_STEPS } : own, colour);
}

function redraw() {
  for (const place of document.querySelectorAll("[data-chart]")) drawn.get(place)?.redraw();
}

document.addEventListener("htmx:load", (event) => drawCharts(event.target)); // the page, and each part that is put into it
document.addEventListener("rainbarrel:theme", redraw);
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
  matchMedia(query).addEventListener("change", redraw);
}
