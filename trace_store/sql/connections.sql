-- What every connection does first.

-- set_up_session --
-- Own schema first, then TimescaleDB's; times in UTC; a late flush or an erasure may unpack from TimescaleDB's columnstore
-- as many rows as it needs (it would fail at 100,000, however often it is tried).
SELECT set_config('search_path', concat_ws(',', %(schema)s::text, (
         SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = 'timescaledb')), false),
       set_config('timezone', 'UTC', false),
       set_config('statement_timeout', %(statement_timeout)s::text, false),
       CASE WHEN current_setting('timescaledb.max_tuples_decompressed_per_dml_transaction', true) IS NOT NULL
         THEN set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', false) END

-- set_up_lookups --
-- For sessions that look up traces by key: joins go from a short list of keys through indexes in the order in which they
-- are written, whatever statistics of a young partition or a busy queue say, and each query is planned once, since
-- planning over a month of days costs more than running.
SELECT set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),
       set_config('enable_seqscan', 'off', false), set_config('join_collapse_limit', '1', false),
       set_config('plan_cache_mode', 'force_generic_plan', false)

-- plan_freely --
-- Takes that back for the rest of a transaction: lists and totals are planned for their filters.
SELECT set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true),
       set_config('enable_seqscan', 'on', true), set_config('join_collapse_limit', '8', true),
       set_config('plan_cache_mode', 'force_custom_plan', true)

-- see_one_moment --
-- First of a transaction that only reads: what others commit meanwhile stays unseen.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
