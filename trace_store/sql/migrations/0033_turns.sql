-- Model calls that only the messages of a run tell: several of one span.

ALTER TABLE llm_calls ADD COLUMN turn integer NOT NULL DEFAULT 0;
ALTER TABLE llm_calls DROP CONSTRAINT llm_calls_pkey, ADD PRIMARY KEY (project_id, trace_id, span_id, turn);
