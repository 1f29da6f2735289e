-- Issues are rolled up with the other figures, and words know when their interaction began: search goes from hour to hour.

ALTER TABLE figure_rollups ADD COLUMN latest_unix_nano bigint;  -- of issues: the start of the newest finding

INSERT INTO dirty_hours (project_id, hour)
SELECT DISTINCT project_id, floor(start_unix_nano / 3600000000000.0)::integer FROM findings;

-- Written anew in order of time, so that the words of an hour lie together.
ALTER TABLE interaction_words RENAME TO words_before;
ALTER INDEX interaction_words_pkey RENAME TO words_before_pkey;
ALTER INDEX interaction_words_idx RENAME TO words_before_idx;

CREATE TABLE interaction_words (    -- derived, with its interaction
  project_id integer CONSTRAINT interaction_words_project_id_not_null NOT NULL,
  event_id   text CONSTRAINT interaction_words_event_id_not_null NOT NULL,
  side       smallint CONSTRAINT interaction_words_side_not_null NOT NULL,     -- 1 input, 2 output
  part       smallint CONSTRAINT interaction_words_part_not_null NOT NULL,     -- a tsvector holds 1 MiB
  start_unix_nano bigint CONSTRAINT interaction_words_start_unix_nano_not_null NOT NULL,  -- of its interaction
  words      tsvector CONSTRAINT interaction_words_words_not_null NOT NULL      -- trace_store/interactions/search_words.py
);

INSERT INTO interaction_words (project_id, event_id, side, part, start_unix_nano, words)
SELECT project_id, event_id, side, part, interaction.start_unix_nano, words
FROM words_before JOIN interactions interaction USING (project_id, event_id)
ORDER BY interaction.start_unix_nano, event_id, side, part;

DROP TABLE words_before;

ALTER TABLE interaction_words
  ADD PRIMARY KEY (project_id, event_id, side, part),
  ADD FOREIGN KEY (project_id, event_id) REFERENCES interactions ON DELETE CASCADE;

-- words within hours of a project
CREATE INDEX interaction_words_idx ON interaction_words
  USING gin (words, (ARRAY[(project_id::bigint << 32) + start_unix_nano / 3600000000000]));
