-- Tombstones: keyed hashes of what was erased.

-- try_lock_erasures --
-- As lock_erasures, until the transaction ends and without waiting: false while a user is being erased.
SELECT pg_try_advisory_xact_lock(7219, 6)

-- newer_tombstones --
-- Those written after the last one that is known (unique key).
SELECT tombstone_id, digest FROM tombstones WHERE tombstone_id > %(after)s ORDER BY tombstone_id

-- put_tombstones --
-- Adds those that are not there, in key order (primary key).
INSERT INTO tombstones (digest)
SELECT DISTINCT digest FROM unnest(%(digests)s::bytea[]) AS new (digest) ORDER BY digest
ON CONFLICT (digest) DO NOTHING
