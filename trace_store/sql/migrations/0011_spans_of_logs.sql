-- Which spans stand for a log record, so that `reprocess` finds those that a newer mapping makes anew.
CREATE INDEX spans_of_logs_idx ON spans (project_id, digest) WHERE kind = -1;
