// What every page needs. Modules import each other without a version in the URL, so each is loaded once.
import "./loading.js";
import "./theme.js";
import "./copy.js";
import "./times.js";
import "./json_colours.js";
import "./keys_help.js";
import "./palette.js";
