// The list of traces. The live events come last, when everybody listens.
import "./query_bar.js";
import "./list_keys.js";
import "./list_rows.js";
import "./list_peek.js";
import "./list_ticks.js";
import "./list_live.js";
import "./live.js";
