// What stands on a chart beside its bars, as plugins of uPlot: releases, marked spans, the amounts under the pointer, and
// where a click or a drag leads. These are elements and no part of the canvas, so that style sheets reach them.
import { exactWords } from "./chart_units.js";

const moments = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const FLAG_GAP = 4; // pixels

function make(className, text = "", title = "") {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  if (title) element.title = title;
  return element;
}

// Where releases began; a name that would cover the one before it is left out, its line stays.
export function markReleases({ releases }) {
  const flags = releases.map(([at, name]) => [at, make("chart-flag"), make("chart-flag-name", name)]);
  function put(chart) {
    let freeFrom = 0;
    for (const [at, flag, name] of flags) {
      const left = Math.max(0, chart.valToPos(at, "x"));
      flag.style.left = `${left}px`;
      name.hidden = false;
      const nameLeft = Math.min(left, chart.over.clientWidth - name.offsetWidth);
      name.hidden = nameLeft < freeFrom;
      name.style.left = `${nameLeft - left}px`;
      if (!name.hidden) freeFrom = nameLeft + name.offsetWidth + FLAG_GAP;
    }
  }
  function add(chart) {
    for (const [, flag, name] of flags) {
      flag.title = `Release ${name.textContent} began`;
      flag.append(name);
      chart.over.append(flag);
    }
  }
  return { hooks: { init: add, draw: put } };
}

// Parts of the time in which something held, below the bars.
export function markSpans({ spans }) {
  const marks = spans.map(([begin, end, title]) => [begin, end, make("chart-span", "", title)]);
  function put(chart) {
    for (const [begin, end, mark] of marks) {
      const [left, right] = [chart.valToPos(begin, "x"), chart.valToPos(end, "x")];
      mark.style.left = `${Math.max(0, Math.min(left, chart.over.clientWidth - FLAG_GAP))}px`;
      mark.style.width = `${Math.max(0, Math.min(right, chart.over.clientWidth) - left)}px`;
    }
  }
  return { hooks: { init: (chart) => chart.over.append(...marks.map(([, , mark]) => mark)), draw: put } };
}

// The exact amounts of the step under the pointer.
export function showAmounts({ since, step, unit, series, line }) {
  const tip = make("chart-tip");
  tip.hidden = true;
  const told = [...series, ...(line ? [line] : [])].map((part) => {
    const amount = make("number");
    const row = make("chart-tip-row");
    row.append(make(part.sort ? `sort-mark is-${part.sort}` : "sort-mark is-line"), make("grow", part.name), amount);
    return { part, row, amount };
  });
  const time = make("chart-tip-time");
  tip.append(time, ...told.map(({ row }) => row));

  function show(chart) {
    const { idx, left } = chart.cursor;
    tip.hidden = idx == null || left < 0;
    if (tip.hidden) return;
    time.textContent = moments.formatRange((since + idx * step) * 1000, (since + (idx + 1) * step) * 1000);
    for (const { part, row, amount } of told) {
      const value = part.values[idx];
      row.hidden = value == null;
      amount.textContent = exactWords(unit)(value ?? 0);
    }
    const isRight = left > chart.over.clientWidth / 2;
    tip.style.left = isRight ? "auto" : `${left + 12}px`;
    tip.style.right = isRight ? `${chart.over.clientWidth - left + 12}px` : "auto";
  }
  return { hooks: { init: (chart) => chart.over.append(tip), setCursor: show } };
}

// A click leads where the row of the step leads, a drag to the part of the time that it covers. Escape gives it up.
export function leadToTimes(place) {
  const unwanted = new AbortController();
  let isGivenUp = false;

  function listen(chart) {
    chart.over.addEventListener("mousedown", () => {
      isGivenUp = false;
    });
    chart.over.addEventListener("click", () => {
      place.parentElement.querySelector(`[data-step="${chart.cursor.idx}"] a`)?.click();
    });
    const giveUp = (event) => {
      if (event.key !== "Escape" || !chart.select.width) return;
      isGivenUp = true;
      document.dispatchEvent(new MouseEvent("mouseup"));
      chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    };
    document.addEventListener("keydown", giveUp, { signal: unwanted.signal });
  }

  function lead(chart) {
    const { left, width } = chart.select;
    if (!width || isGivenUp) return;
    const url = new URL(place.dataset.range, location.href);
    for (const [name, at] of [["since", left], ["until", left + width]]) {
      url.searchParams.set(name, new Date(chart.posToVal(at, "x") * 1000).toISOString());
    }
    location.assign(url);
  }
  return { hooks: { init: listen, setSelect: lead, destroy: () => unwanted.abort() } };
}
