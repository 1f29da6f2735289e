"""Lists of traces: their parameters, facets and rows, what differs in them, and the ways into them."""
