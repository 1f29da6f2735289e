-- What the repeats of a loop took. Loops that are stored already count from the start of their first call, until their
-- traces are derived again.

ALTER TABLE loops
  ADD COLUMN wasted_calls integer NOT NULL DEFAULT 0,
  ADD COLUMN wasted_ns bigint NOT NULL DEFAULT 0;
UPDATE loops
SET wasted_calls = cardinality(call_keys) - cardinality(call_keys) / greatest(iterations, 1),
  wasted_ns = end_unix_nano - start_unix_nano;
