-- What the list of traces counts beside agents, tools and models. Rows that are there get it when they are derived again.
ALTER TABLE traces ADD COLUMN providers text[] DEFAULT '{}', ADD COLUMN dialects text[] DEFAULT '{}';
