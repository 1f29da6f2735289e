// A file is sent as it is, so that protobuf can be compared too; the answer takes the place of the page.
import { say } from "./toast.js";

const form = document.querySelector("[data-compare-export]");

form.querySelector("[data-export-file]").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  try {
    const headers = { accept: "text/html", "content-type": "application/octet-stream" };
    const answer = await fetch(form.action, { method: "POST", body: file, headers });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("#main > .card, #main > .list-line, #main > [role=alert]")) old.remove();
    document.getElementById("main").append(...page.querySelectorAll("#main > [role=alert], #main > .list-line, #main > .card"));
  } catch {
    say("The server cannot be reached; try again.");
  }
});
