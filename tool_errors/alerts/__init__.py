"""Alert rules: conditions over findings and calls, their evaluation in the processor, and back-tests on stored data."""
