// What the reader is in the middle of: an answer that was asked for and has not come, a pointer that is held down.
// What a page renews by itself waits for it: a click on an element that is replaced meanwhile would be lost.
const asked = new Map(); // place by request
const waiting = new Set();
let askedCount = 0;
let isHeld = false;

export const isPointerHeld = () => isHeld;
export const isBusy = () => isHeld || asked.size > 0;
export const countOfAsked = () => askedCount;

function until(isTrue) {
  return new Promise((resolve) => {
    waiting.add({ isTrue, resolve });
    look();
  });
}

function look() {
  for (const one of waiting) {
    if (!one.isTrue()) continue;
    waiting.delete(one);
    one.resolve();
  }
}

const isUnderWay = (place) => [...asked.values()].includes(place);

export const untilReleased = () => until(() => !isHeld);
export const untilIdle = () => until(() => !isBusy());

// Resolves once what the reader asked for in this place is there; null when nothing is under way.
export const answerIn = (place) => (isUnderWay(place) ? until(() => !isUnderWay(place)) : null);

document.addEventListener("htmx:beforeSend", ({ detail: { target, xhr } }) => {
  if (xhr.isRenewal) return;
  asked.set(xhr, target);
  askedCount += 1;
  xhr.addEventListener("loadend", () => {
    asked.delete(xhr);
    look();
  });
});

function release() {
  if (!isHeld) return;
  isHeld = false;
  setTimeout(look); // after the click that this was
}

document.addEventListener("pointerdown", ({ button }) => (isHeld ||= button === 0), true);
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, release, true);
document.addEventListener("pointermove", ({ buttons }) => buttons || release(), true); // released over a menu or a scroll bar
addEventListener("blur", release);
