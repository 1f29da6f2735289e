-- Groups of one's own for signals of one's own: scripts that name a group of another server go on.

ALTER TABLE signals ADD COLUMN group_name text;
