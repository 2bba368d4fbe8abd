"""A query's form in addresses, saved searches and the API, and the titles of what it names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from lectern import values
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search.filter_kinds import Named
from lectern.search.filters import FILTERS, Query


def read(sent: Mapping[str, Any]) -> Query:
    """The query that these filters by name stand for; what is no filter is ignored.

    Values are texts as in an address, or as JSON has them; filters of several take lists.

    Raises:
        Invalid: a value that no filter understands.
    """
    return Query(
        **{
            name: values.parameter(name, value, FILTERS[name].reader)
            for name, value in sent.items()
            if name in FILTERS and value not in (None, "", [])
        }
    )


def write(query: Query) -> dict[str, Any]:
    """The filters by name, as JSON holds them and `read` takes them; without what is default."""
    return {
        name: _plain(getattr(query, name))
        for name, one in FILTERS.items()
        if getattr(query, name) != one.default
    }


def titles(session: Session, principal: Principal, query: Query) -> dict[str, str]:
    """The titles of the course, folder and owner that the query names, by filter.

    At most one question each, and none for a query that names nothing.
    """
    require(principal, Action.SEE)
    return {
        name: one.reference.title(session, principal, getattr(query, name))
        for name, one in FILTERS.items()
        if isinstance(one, Named) and not one.several and getattr(query, name)
    }


def _plain(value: Any) -> Any:
    if value is True:
        return "1"
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value if isinstance(value, int | float) else str(value)
