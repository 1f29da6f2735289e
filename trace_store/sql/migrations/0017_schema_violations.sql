-- Where the arguments of a call break the schema of the tool that its model was offered.

ALTER TABLE tool_calls ADD COLUMN violations jsonb;
