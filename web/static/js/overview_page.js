// The start page.
import "./chart_range.js";
