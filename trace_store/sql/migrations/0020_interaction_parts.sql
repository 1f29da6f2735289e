-- What a trace says of its part in an interaction.

ALTER TABLE interaction_traces
  ADD COLUMN start_unix_nano bigint,  -- NULL where the event says it, as the next ones
  ADD COLUMN end_unix_nano bigint,
  ADD COLUMN input_preview text,
  ADD COLUMN output_preview text;
