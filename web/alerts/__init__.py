"""Alert rules, their channels, and signals."""
