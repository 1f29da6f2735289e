"""Facts: the span model, the dialects, and everything that touches SQL."""
