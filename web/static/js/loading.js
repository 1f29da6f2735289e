// What htmx loads into a page: the newest wins, a refusal is said, and a click that asks for another window stays the browser's.
import { say } from "./toast.js";

// Requests are numbered and none is cut off, since htmx takes that for an error; renewals count as what came before them.
const newest = new WeakMap(); // number by place
let count = 0;
let answer = null; // that is put in place now

const isLate = (place) => answer.number < (newest.get(place) ?? 0);

document.addEventListener("htmx:beforeRequest", ({ detail: { target, xhr } }) => {
  if (!xhr.isRenewal) newest.set(target, ++count);
  xhr.number = count;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  answer = event.detail.xhr;
  if (isLate(event.detail.target)) event.preventDefault();
});
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (isLate(detail.target)) detail.shouldSwap = false;
  else if (!answer.isRenewal) newest.set(detail.target, answer.number);
});

function reason(answer) {
  try {
    return JSON.parse(answer.responseText).error;
  } catch {
    return `The server answered ${answer.status}.`;
  }
}

document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status === 401) location.reload(); // leads to the page for signing in
  else say(reason(detail.xhr));
});
document.addEventListener("htmx:sendError", () => say("The server cannot be reached; try again."));

// htmx itself leaves alone what is clicked with Ctrl or Meta
document.addEventListener("click", (event) => (event.shiftKey || event.altKey) && event.stopPropagation(), true);
