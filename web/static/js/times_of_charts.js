// Says the times of charts in the reader's zone. The server prints UTC: data-utc holds the words that name the moment.
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function words(moment, utc) {
  const isDay = !utc.includes(":") && !moment.getHours() && !moment.getMinutes(); // a day of UTC may begin at any hour
  return isDay ? day.format(moment) : `${day.format(moment)} ${clock.format(moment)}`;
}

function texts(element) {
  const holders = [element, ...element.querySelectorAll(":scope > title")];
  return holders.flatMap((holder) => [...holder.childNodes]).filter((node) => node.nodeType === Node.TEXT_NODE);
}

for (const element of document.querySelectorAll("[data-utc]")) {
  const { utc, unixMs } = element.dataset;
  const local = words(new Date(Number(unixMs)), utc);
  for (const node of texts(element)) node.data = node.data.replace(utc, local);
  const spoken = element.getAttribute("aria-label");
  if (spoken) element.setAttribute("aria-label", spoken.replace(utc, local));
}
for (const element of document.querySelectorAll("[data-zone]")) {
  element.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone || "your time";
}
