// The lists of tool calls and of spans.
import "./query_bar.js";
import "./list_keys.js";
import "./list_rows.js";
