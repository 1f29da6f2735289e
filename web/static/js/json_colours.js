// Colours keys, texts and numbers of JSON values. Text goes in as text; it never becomes markup.
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;
const LENGTH_MAX = 100_000; // beyond it thousands of elements would make the page slow

function span(text, kind) {
  const element = document.createElement("span");
  element.className = `json-${kind}`;
  element.textContent = text;
  return element;
}

function colour(element) {
  const text = element.textContent;
  if (text.length > LENGTH_MAX) return;
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [whole, string, colon] = found;
    const word = string ?? whole;
    parts.push(text.slice(done, found.index), span(word, string === undefined ? "number" : colon ? "key" : "string"));
    done = found.index + word.length;
  }
  parts.push(text.slice(done));
  element.replaceChildren(...parts);
}

function colourAll(root) {
  for (const element of root.querySelectorAll("[data-json]")) colour(element);
}

document.addEventListener("htmx:load", (event) => colourAll(event.target));
