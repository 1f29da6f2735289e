// Shows moments in the reader's time zone. Their titles keep the exact UTC time with all nanoseconds.
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const minute = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const year = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const FAR_MS = 180 * 86_400_000; // in lists: nearer days need no year, farther ones no clock

function words(moment, style) {
  const now = new Date();
  const time = clock.format(moment);
  const isToday = moment.toDateString() === now.toDateString();
  if (style === "minute") return moment.getHours() || moment.getMinutes() ? `${day.format(moment)} ${minute.format(moment)}` : day.format(moment);
  if (style === "list" && isToday) return time;
  if (style === "list" && Math.abs(now - moment) > FAR_MS) return year.format(moment);
  if (style === "list") return `${day.format(moment)} ${time}`;
  return `${(moment.getFullYear() === now.getFullYear() ? day : year).format(moment)} ${time}`;
}

function localise(root) {
  for (const element of root.querySelectorAll("time[data-local]")) {
    const exact = element.getAttribute("datetime");
    const moment = new Date(exact.replace(/(\.\d{3})\d+Z$/, "$1Z"));
    if (Number.isNaN(moment.getTime())) continue; // beyond what a browser can date: the text stays
    const milliseconds = element.dataset.local === "full" ? `.${exact.slice(20, 23)}` : "";
    element.textContent = words(moment, element.dataset.local) + milliseconds;
  }
  for (const element of root.querySelectorAll("[data-zone]")) {
    element.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone || "your time";
  }
  sinceLast(root);
}

function sinceLast(root) {
  for (const element of root.querySelectorAll("[data-since-ms]")) {
    const seconds = Math.max(0, Math.round((Date.now() - Number(element.dataset.sinceMs)) / 1000));
    const text = seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
    element.textContent = `, last change ${text} ago`;
  }
}

document.addEventListener("htmx:load", (event) => localise(event.target));
setInterval(() => sinceLast(document), 1000);
