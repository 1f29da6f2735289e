// Suggestions below the query bar and the field for steps: a combobox. The text stays the form's own.
const base = document.documentElement.dataset.base;
const PAUSE_MS = 120;

function combobox(input) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `suggestions-${input.name}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  input.closest(".query-field").append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) {
    input.setAttribute(name, value);
  }
  let found = [];
  let chosen = -1;
  let asked = new AbortController();
  let timer = 0;

  function close() {
    clearTimeout(timer);
    asked.abort();
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    chosen = found.length ? (index + found.length) % found.length : -1;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
    if (chosen >= 0) input.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
  }

  function show() {
    list.replaceChildren(
      ...found.map((suggestion, n) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${n}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        const text = document.createElement("code");
        text.className = "cut";
        text.textContent = suggestion.text;
        const about = document.createElement("span");
        about.className = "cut";
        about.textContent = suggestion.about;
        option.append(text, about);
        return option;
      }),
    );
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
  }

  async function ask() {
    asked.abort();
    asked = new AbortController();
    const typed = input.value.slice(0, input.selectionStart);
    const query = new URLSearchParams({ field: input.dataset.suggest, text: typed });
    try {
      const answer = await fetch(`${base}${input.form.dataset.suggestions}?${query}`, { signal: asked.signal });
      if (!answer.ok || document.activeElement !== input) return;
      found = (await answer.json()).suggestions.filter(({ text, start }) => typed.slice(start) !== text);
      show();
    } catch {
      // another key was pressed meanwhile, or the server is away: the field works without
    }
  }

  function askSoon() {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  function take(index) {
    const { text, start } = found[index];
    const at = input.selectionStart;
    const isOpen = /[:>]$/.test(text);
    const after = input.value.slice(at);
    const space = isOpen || after.startsWith(" ") ? "" : " ";
    input.setRangeText(text + space, start, at, "end");
    close();
    if (isOpen || input.dataset.suggest === "steps") ask();
  }

  input.addEventListener("input", askSoon);
  input.addEventListener("click", askSoon);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const isShown = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isShown) choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
      else ask();
    } else if (event.key === "Escape" && isShown) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (isShown && (event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Tab" && isShown && !event.shiftKey) {
      event.preventDefault();
      take(0);
    } else if (event.key === "Enter") {
      close();
    }
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const option = event.target.closest("li");
    if (option) take([...list.children].indexOf(option));
  });
}

document.querySelectorAll("input[data-suggest]").forEach(combobox);
