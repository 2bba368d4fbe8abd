"""Finding assets: queries, and the pages, numbers and facets of what they find."""

from lectern.library.search.pages import MOST, Found, FoundIds, filtered, ids, page, total
from lectern.library.search.query import Query, read, write
from lectern.library.search.spelling import Spelling

__all__ = [
    "MOST",
    "Found",
    "FoundIds",
    "Query",
    "Spelling",
    "filtered",
    "ids",
    "page",
    "read",
    "total",
    "write",
]
