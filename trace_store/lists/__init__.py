"""What pages count and list of traces, tools and issues, at a cost that does not grow with the store."""
