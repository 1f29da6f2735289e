-- Keyword search: the words of what users said and agents answered.

CREATE TABLE interaction_words (    -- derived, with its interaction
  project_id integer NOT NULL,
  event_id   text NOT NULL,
  side       smallint NOT NULL,     -- 1 input, 2 output
  part       smallint NOT NULL,     -- a tsvector holds 1 MiB
  words      tsvector NOT NULL,     -- trace_store/search_words.py
  PRIMARY KEY (project_id, event_id, side, part),
  FOREIGN KEY (project_id, event_id) REFERENCES interactions ON DELETE CASCADE
);
CREATE INDEX interaction_words_idx ON interaction_words USING gin (words);
