"""Side by side: two traces step by step, two groups of traces, and a trace as another backend exported it."""
