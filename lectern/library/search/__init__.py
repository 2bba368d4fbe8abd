"""Finding assets: queries, and the pages, numbers and facets of what they find."""

from lectern.library.search.pages import MOST, Found, filtered, page, total
from lectern.library.search.query import Query, read, write

__all__ = ["MOST", "Found", "Query", "filtered", "page", "read", "total", "write"]
