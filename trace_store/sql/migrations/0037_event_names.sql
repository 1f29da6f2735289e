-- What spans call the interaction that they belong to.

ALTER TABLE interaction_traces ADD COLUMN told_name text;
