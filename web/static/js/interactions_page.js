// The list of interactions.
import "./list_keys.js";
