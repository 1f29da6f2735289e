-- What every connection does first.

-- set_up_session --
-- Own schema first, then TimescaleDB's; times in UTC.
SELECT set_config('search_path', concat_ws(',', %(schema)s::text, (
         SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = 'timescaledb')), false),
       set_config('timezone', 'UTC', false),
       set_config('statement_timeout', %(statement_timeout)s::text, false)
