-- What model calls cost, in nano-USD. Rows derived before stay without a cost until they are derived again.
ALTER TABLE traces
  ADD COLUMN cost_nano_usd bigint,  -- of the priced LLM calls; NULL when none is
  ADD COLUMN unpriced_models text[] DEFAULT '{}';
ALTER TABLE llm_calls
  ADD COLUMN cached_tokens bigint,
  ADD COLUMN cost_nano_usd bigint,
  ADD COLUMN price text;  -- name of its price, 'as sent', '' when unpriced; NULL when nothing is to be paid for
ALTER TABLE loops
  ADD COLUMN cost_nano_usd bigint;
CREATE INDEX llm_calls_unpriced_idx ON llm_calls (project_id) WHERE price = '';  -- the price page
