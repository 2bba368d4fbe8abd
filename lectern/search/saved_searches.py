"""Searches that people keep under a name, for themselves or for everybody in the workspace."""

import uuid
from dataclasses import dataclass

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from lectern import search
from lectern.database.scope import scoped
from lectern.errors import Forbidden, Invalid, Message, NotFound, Stale
from lectern.models import SavedSearch, User
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, can, require
from lectern.search import Query
from lectern.text import clean_text

MISSING = Message("There is no such saved search here.")
LONGEST_NAME = 100
# As many as a person overlooks at a glance is far less; this only keeps a page from bursting.
MOST = 200


@dataclass(frozen=True)
class Saved:
    """A saved search as it is shown; `why` says why its filter is understood no more.

    `mine`: the principal made it. `editable`: it may be renamed, changed and deleted by them.
    """

    id: uuid.UUID
    name: str
    query: Query | None
    why: str
    shared: bool
    mine: bool
    editable: bool
    by: str


def listing(session: Session, principal: Principal) -> list[Saved]:
    """What the principal has saved, in the order it was, then what others share, by name."""
    require(principal, Action.SEE)
    mine = SavedSearch.created_by == principal.user_id
    rows = session.execute(
        scoped(SavedSearch, principal, SavedSearch, User.name)
        .join(User, User.id == SavedSearch.created_by)
        .where(or_(mine, SavedSearch.shared))
        .order_by(
            mine.desc(), case((mine, SavedSearch.position), else_=0), func.fold(SavedSearch.name)
        )
    )
    return [_shown(principal, saved, name) for saved, name in rows]


def get(session: Session, principal: Principal, saved_id: uuid.UUID) -> Saved:
    """One that the principal sees.

    Raises:
        NotFound: there is none, or it is somebody else's own.
    """
    saved = _find(session, principal, saved_id)
    name = session.scalar(select(User.name).where(User.id == saved.created_by))
    return _shown(principal, saved, name or "")


def create(
    session: Session, principal: Principal, name: str, query: Query, *, shared: bool = False
) -> SavedSearch:
    """Keep this filter under this name.

    Raises:
        Invalid: the name cannot be one or is taken, or there are too many.
        Forbidden: the principal may not share.
    """
    require(principal, Action.SEE)
    if principal.user_id is None:
        raise Forbidden("Only a signed-in person can save a search.")
    if shared:
        require(principal, Action.MANAGE_TAGS)
    _hold(session, principal.workspace_id, principal.user_id)
    number, last = session.execute(
        scoped(
            SavedSearch, principal, func.count(), func.coalesce(func.max(SavedSearch.position), -1)
        ).where(SavedSearch.created_by == principal.user_id)
    ).one()
    if number >= MOST:
        raise Invalid(
            "You have %(most)s saved searches. Delete one that you no longer need.", most=MOST
        )
    saved = SavedSearch(
        workspace_id=principal.workspace_id,
        name=_free_name(session, principal.workspace_id, principal.user_id, name),
        query=search.write(query),
        created_by=principal.user_id,
        shared=shared,
        position=last + 1,
    )
    session.add(saved)
    session.flush()
    _record(session, principal, "create", saved, {"shared": shared})
    return saved


def change(
    session: Session,
    principal: Principal,
    saved_id: uuid.UUID,
    name: str,
    *,
    shared: bool,
    seen: str | None = None,
) -> SavedSearch:
    """Give it another name, or share it, or not any more. `seen` is the name the person saw.

    Raises:
        Stale: it has another name by now.
        Invalid: the name cannot be one, or its maker has another search of that name.
        Forbidden: it is shared by somebody else, or the principal may not share.
    """
    saved = _mine(session, principal, saved_id, seen)
    if shared != saved.shared:
        require(principal, Action.MANAGE_TAGS)
    before = saved.name
    if name != before:
        _hold(session, saved.workspace_id, saved.created_by)
        saved.name = _free_name(session, saved.workspace_id, saved.created_by, name, saved.id)
    details = {"before": before, "shared": shared}
    if saved.name == before and saved.shared == shared:
        return saved
    saved.shared = shared
    _record(session, principal, "change", saved, details)
    return saved


def replace(
    session: Session,
    principal: Principal,
    saved_id: uuid.UUID,
    query: Query,
    *,
    seen: str | None = None,
) -> SavedSearch:
    """Keep another filter under its name. Raises as `change` does."""
    saved = _mine(session, principal, saved_id, seen)
    before, saved.query = saved.query, search.write(query)
    if before != saved.query:
        _record(session, principal, "replace", saved, {"before": before, "after": saved.query})
    return saved


def delete(
    session: Session, principal: Principal, saved_id: uuid.UUID, *, seen: str | None = None
) -> str:
    """Forget it; no file changes. Returns its name. Raises as `change` does."""
    saved = _mine(session, principal, saved_id, seen)
    name = saved.name
    session.delete(saved)
    session.flush()
    _record(session, principal, "delete", saved, {})
    return name


def _shown(principal: Principal, saved: SavedSearch, by: str) -> Saved:
    query, why = None, ""
    try:
        query = search.read(saved.query)
    except (Invalid, TypeError, AttributeError) as error:
        why = str(error) if isinstance(error, Invalid) else Message("Its filter cannot be read.")
    return Saved(
        id=saved.id,
        name=saved.name,
        query=query,
        why=why,
        shared=saved.shared,
        mine=saved.created_by == principal.user_id,
        editable=_editable(principal, saved),
        by=by,
    )


def _editable(principal: Principal, saved: SavedSearch) -> bool:
    mine = saved.created_by == principal.user_id
    return mine or (saved.shared and can(principal, Action.MANAGE_TAGS))


def _find(session: Session, principal: Principal, saved_id: uuid.UUID) -> SavedSearch:
    require(principal, Action.SEE)
    saved = session.get(SavedSearch, (principal.workspace_id, saved_id), populate_existing=True)
    if saved is None or not (saved.shared or saved.created_by == principal.user_id):
        raise NotFound(MISSING)
    return saved


def _mine(
    session: Session, principal: Principal, saved_id: uuid.UUID, seen: str | None
) -> SavedSearch:
    """The search, locked, if the principal may change it and it is as it was seen."""
    saved = _find(session, principal, saved_id)
    session.refresh(saved, with_for_update=True)
    if not _editable(principal, saved):
        raise Forbidden("Only the person who shared this search, owners and editors can change it.")
    if seen is not None and seen != saved.name:
        raise Stale("Someone renamed this search. It is now “%(name)s”.", name=saved.name)
    return saved


def _hold(session: Session, workspace_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """One change at a time to the names that one person gives."""
    lock = func.hashtextextended(f"saved:{workspace_id}:{user_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))


def _free_name(
    session: Session,
    workspace_id: uuid.UUID,
    user_id: uuid.UUID,
    raw: str,
    saved_id: uuid.UUID | None = None,
) -> str:
    name = clean_text(raw)
    if not 0 < len(name) <= LONGEST_NAME:
        message = Message("A name has 1 to %(longest_name)s characters.", longest_name=LONGEST_NAME)
        raise Invalid(message, {"name": message})
    other = session.scalar(
        scoped(SavedSearch, workspace_id, SavedSearch.id).where(
            SavedSearch.created_by == user_id, SavedSearch.name == name
        )
    )
    if other not in (None, saved_id):
        message = Message(
            "There is a saved search “%(name)s” already. Choose another name.", name=name
        )
        raise Invalid(message, {"name": message})
    return name


def _record(
    session: Session,
    principal: Principal,
    verb: str,
    saved: SavedSearch,
    details: dict[str, object],
) -> None:
    entry = {"name": saved.name, **details}
    audit.record(session, principal, f"search.{verb}", "search", saved.id, entry)
