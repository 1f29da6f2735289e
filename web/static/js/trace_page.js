// The page of one trace. The live events come last, when everybody listens.
import "./fold.js";
import "./tree_rows.js";
import "./tree_place.js";
import "./span_detail.js";
import "./tabs.js";
import "./tree_keys.js";
import "./tree_window.js";
import "./next_step.js";
import "./minimap.js";
import "./trace_views.js";
import "./trace_live.js";
import "./live.js";
