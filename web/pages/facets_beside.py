"""The values beside a list: the list is sent first, and they follow when they are counted."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from trace_store.exceptions import RainbarrelError
from trace_store.lists.trace_lists import ListFacets
from web.lists.list_facets import OF_TRACES, ListOf, facet_column
from web.lists.list_parameters import ListQuery
from web.lists.row_query import RowQuery
from web.templating import render


async def facets_beside(
    query: ListQuery | RowQuery, count: Callable[[], Awaitable[ListFacets]], of: ListOf = OF_TRACES
) -> str:
    """The column of values as HTML; a sentence in it where they cannot be counted."""
    facets = None
    with suppress(RainbarrelError):
        facets = facet_column(query, await count(), of)
    return render("_facets.html", facets=facets)
