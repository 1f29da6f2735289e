-- Rules by which texts are replaced before they are stored.

CREATE TABLE redaction_versions (   -- the rules of a project as saved on its settings page; the newest version counts
  project_id integer NOT NULL,
  version    integer NOT NULL,
  rules      jsonb NOT NULL,        -- otlp_receiver/redaction/rules.py; an empty list for none
  saved_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, version)
);
