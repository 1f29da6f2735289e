"""A pool lends connections that work, without asking each time."""

from trace_store.connections import connect, make_pool


async def test_a_connection_that_the_server_has_ended_is_not_lent(database: str) -> None:
    async with make_pool(database, "test", 1) as pool, await connect(database, "test") as other:
        async with pool.connection() as connection:
            ended = connection.info.backend_pid
        await other.execute("SELECT pg_terminate_backend(%s, 60000)", (ended,))
        async with pool.connection(timeout=60) as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
            assert connection.info.backend_pid != ended


async def test_a_connection_that_works_is_lent_without_a_question(database: str) -> None:
    async with make_pool(database, "test", 1) as pool, await connect(database, "test") as other:
        async with pool.connection() as connection:
            await connection.execute("SELECT 'last words'")
            pid = connection.info.backend_pid
        async with pool.connection() as connection:
            assert connection.info.backend_pid == pid
        asked = await other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", (pid,))
        assert await asked.fetchone() == ("SELECT 'last words'",)
