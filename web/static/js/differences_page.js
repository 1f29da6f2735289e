// The tab of differences: the query bar of the list, without the list.
import "./query_bar.js";
import "./list_keys.js";
