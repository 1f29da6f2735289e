-- What the price page and the model pane read of the LLM calls.

-- unpriced_models --
-- Models without a price with their calls and tokens, those with most tokens first (llm_calls_unpriced_idx), and how
-- many such models there are in all.
SELECT model, provider, count(*) AS calls, coalesce(sum(input_tokens), 0)::text AS input_tokens,
       coalesce(sum(output_tokens), 0)::text AS output_tokens, count(*) OVER () AS total
FROM llm_calls
WHERE project_id = %(project_id)s AND price = '' AND told_in IS NULL
GROUP BY model, provider
ORDER BY coalesce(sum(input_tokens), 0) + coalesce(sum(output_tokens), 0) DESC, count(*) DESC, model, provider
LIMIT %(limit)s

-- llm_call --
-- One LLM call of a trace, of a run the first of its turns (primary key).
SELECT * FROM llm_calls WHERE project_id = %(project_id)s AND trace_id = %(trace_id)s AND span_id = %(span_id)s
ORDER BY turn LIMIT 1
