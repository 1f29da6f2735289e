-- Where the rest of an interaction's text is that spans tell: rows hold its beginning only.

ALTER TABLE interaction_traces
  ADD COLUMN input_from bytea,  -- span id and digest of the span whose text is longer than the preview
  ADD COLUMN output_from bytea;
