// Goes to the next failure, loop or hit: the server looks through the whole trace, in the order of the view that is open.
import { select, selectedSpan } from "./span_detail.js";
import { say } from "./toast.js";
import { currentRow, focusRow } from "./tree_rows.js";
import { openAddress } from "./tree_window.js";

const tree = document.getElementById("trace-tree");
const main = document.getElementById("main");
const WORDS = {
  failure: "No error in this view.",
  error: "No error in this view.",
  soft_error: "No soft error in this view.",
  loop: "No other loop in this view.",
  hit: "The search finds nothing in this view.",
};

export async function goToNext(wanted) {
  const query = new URLSearchParams(location.search);
  const span = selectedSpan();
  if (span) query.set("span", span);
  query.set("wanted", wanted);
  const here = currentRow()?.dataset.index;
  if (here) query.set("here", here);
  let found;
  try {
    const response = await fetch(`${document.documentElement.dataset.base}/traces/${main.dataset.trace}/next.json?${query}`);
    found = await response.json();
  } catch {
    say("The server cannot be reached; try again.");
    return;
  }
  if (!found.found) {
    say(WORDS[wanted]);
    return;
  }
  if (found.has_turned) say("From the start again.");
  const rowOf = () => tree.querySelector(`.row[data-index="${found.row_index}"]`);
  if (found.span_id) {
    await select(found.span_id, rowOf());
    return;
  }
  if (!rowOf()) await openAddress(found.address);
  if (rowOf()) focusRow(rowOf());
  else say("This step has no span; the tree shows it.");
}
