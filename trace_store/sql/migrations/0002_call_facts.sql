-- Where a trace ran, and how each LLM call ended and began.

ALTER TABLE traces ADD COLUMN environment text;
ALTER TABLE llm_calls ADD COLUMN finish_reason text;
ALTER TABLE llm_calls ADD COLUMN time_to_first_token_ns bigint;
