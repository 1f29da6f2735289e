// Lists of interactions and conversations.
import "./list_keys.js";
