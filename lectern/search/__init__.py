"""Finding assets: queries, and the pages, numbers and facets of what they find."""

from lectern.search.filters import Query
from lectern.search.query import read, write
from lectern.search.results import MOST, Found, FoundIds, filtered, ids, page, total
from lectern.search.syntax.spelling import Spelling

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
