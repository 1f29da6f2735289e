-- Tombstones: keyed hashes of what was erased.

-- newer_tombstones --
-- Those written after the last one that is known (unique key).
SELECT tombstone_id, digest FROM tombstones WHERE tombstone_id > %(after)s ORDER BY tombstone_id

-- put_tombstones --
-- Adds those that are not there, in key order (primary key).
INSERT INTO tombstones (digest)
SELECT DISTINCT digest FROM unnest(%(digests)s::bytea[]) AS new (digest) ORDER BY digest
ON CONFLICT (digest) DO NOTHING
