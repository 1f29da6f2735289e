// Dragging over a chart makes that part the time of the page. The bars are links, so a keyboard needs none of this.
const NS = "http://www.w3.org/2000/svg";
const DRAG_MIN = 8; // pixels; less is a click

for (const chart of document.querySelectorAll("[data-drag-range]")) listen(chart);

function listen(chart) {
  const { left, width, top, bottom } = Object.fromEntries(
    ["left", "width", "top", "bottom"].map((name) => [name, Number(chart.dataset[name])]),
  );
  let begun = null;
  let veil = null;

  // where the pointer is, in units of the view box, within the field of the bars
  function place(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse());
    return Math.min(width, Math.max(left, point.x));
  }

  function forget() {
    veil?.remove();
    begun = null;
    veil = null;
  }

  chart.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls
    begun = { x: event.clientX, at: place(event) };
  });
  chart.addEventListener("dragstart", (event) => event.preventDefault());
  addEventListener("pointermove", (event) => {
    if (!begun || (!veil && Math.abs(event.clientX - begun.x) < DRAG_MIN)) return;
    if (!veil) {
      veil = document.createElementNS(NS, "rect");
      veil.setAttribute("class", "chart-veil");
      veil.setAttribute("y", String(top));
      veil.setAttribute("height", String(bottom - top));
      chart.append(veil);
    }
    const now = place(event);
    veil.setAttribute("x", String(Math.min(now, begun.at)));
    veil.setAttribute("width", String(Math.abs(now - begun.at)));
  });
  addEventListener("pointerup", (event) => {
    if (begun && veil) {
      const [from, to] = [begun.at, place(event)].sort((a, b) => a - b);
      addEventListener("click", (click) => click.preventDefault(), { capture: true, once: true });
      if (to > from) show(time(from), time(to));
    }
    forget();
  });
  addEventListener("keydown", (event) => event.key === "Escape" && forget());

  function time(at) {
    const [since, until] = [BigInt(chart.dataset.since), BigInt(chart.dataset.until)];
    const share = BigInt(Math.round(((at - left) / (width - left)) * 1e6));
    return since + ((until - since) * share) / 1000000n;
  }
}

function show(since, until) {
  const wanted = new URLSearchParams(location.search);
  wanted.delete("range");
  wanted.set("since", iso(since));
  wanted.set("until", iso(until));
  location.assign(`${location.pathname}?${wanted}`);
}

function iso(unixNano) {
  return new Date(Number(unixNano / 1000000n)).toISOString();
}
