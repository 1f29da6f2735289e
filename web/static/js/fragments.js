// Parts of a page, rendered by the server and put in place here.

export async function load(url, signal) {
  const response = await fetch(url, { signal, headers: { accept: "text/html" } });
  if (response.ok) return response.text();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  throw new Error(page.querySelector("h1")?.textContent ?? `The server answered ${response.status}.`);
}

export function show(element, html) {
  element.innerHTML = html;
  document.dispatchEvent(new CustomEvent("rainbarrel:shown", { detail: element }));
}

export function showSentence(element, sentence) {
  const notice = document.createElement("p");
  notice.className = "detail-empty";
  notice.textContent = sentence;
  element.replaceChildren(notice);
}
