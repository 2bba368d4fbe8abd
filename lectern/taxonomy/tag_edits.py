"""Changes to tags themselves, on all files that have them: rename, merge, delete.

Each is one transaction of set-based statements: nobody sees a file with half of a change.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Uuid, any_, func, literal, or_, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import Conflict, Invalid, Message, NotFound, Stale
from lectern.models import Asset, AssetTag, Tag
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.text import tag_key, tag_name

MISSING = Message("Tag not found in this library.")
MOST_AT_ONCE = 200
# With more files than this, one fact has their number: a chain of a hundred thousand entries made
# while everybody waits for the audit lock would help nobody.
MOST_FACTS = 1000
_NAMED = 5
_QUIET = {"synchronize_session": False}

Names = Mapping[uuid.UUID, Sequence[str]]


@dataclass(frozen=True)
class Preview:
    """What a change would do: `tags` go, `into` (a name; empty for a deletion) comes.

    `files` and `trashed` have one of the tags; `named` are the first few live ones. `merging`:
    `into` is a tag already, or several become one.
    """

    tags: tuple[Tag, ...]
    into: str
    merging: bool
    files: int
    trashed: int
    named: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """A change as it was made; `asset_ids` are all files that look different now."""

    before: tuple[str, ...]
    after: str
    asset_ids: tuple[uuid.UUID, ...]


def preview(
    session: Session, principal: Principal, tag_ids: Sequence[uuid.UUID], name: str = ""
) -> Preview:
    """What `unite` with this name would change, or `delete` without one.

    Raises:
        NotFound: a tag is not there (any more).
        Invalid: the name cannot be one, or is the tag's already.
    """
    require(principal, Action.MANAGE_TAGS)
    into = tag_name(name) if name else ""
    tags = _tags(session, principal, tag_ids)
    holding = _holding(principal, [tag.id for tag in tags])
    files, trashed = session.execute(
        select(
            func.count().filter(Asset.live), func.count().filter(Asset.trashed_at.is_not(None))
        ).where(*holding)
    ).one()
    named = session.scalars(
        select(Asset.name)
        .where(*holding, Asset.live)
        .order_by(Asset.created_at.desc(), Asset.id.desc())
        .limit(_NAMED)
    ).all()
    other = _with_key(session, principal, into) if into else None
    if other is not None and other.id not in {tag.id for tag in tags}:
        # It stays as it was first spelled.
        into = other.name
    if len(tags) == 1 and into == tags[0].name:
        message = Message("The tag is called that already.")
        raise Invalid(message, {"name": message})
    merging = bool(into) and (len(tags) > 1 or (other is not None and other.id != tags[0].id))
    return Preview(tuple(tags), into, merging, files, trashed, tuple(named))


def unite(
    session: Session,
    principal: Principal,
    tag_ids: Sequence[uuid.UUID],
    name: str,
    *,
    merge: bool = False,
    seen: Sequence[str] | None = None,
) -> Done:
    """Make these tags one that is called `name`; of one tag that is a new name for it.

    `merge` allows what cannot be taken apart again: several tags, or a name that another tag has.
    `seen` are the names the person saw, in the order of the ids.

    Raises:
        Stale: a tag has another name by now.
        Invalid: the name cannot be one; or another tag has it, and `merge` was not asked for.
        Conflict: files got one of the tags at the same moment.
    """
    require(principal, Action.MANAGE_TAGS)
    clean = tag_name(name)
    asset_ids, tags = _held(session, principal, tag_ids, seen, also=clean)
    sources, target = _parts(tags, tag_ids, clean, merge)
    gone = [tag for tag in sources if tag.id != target.id]
    before = tuple(tag.name for tag in sources)
    if not gone and target.name == clean:
        return Done(before, clean, ())
    tags_before = _names(session, principal, asset_ids)
    if target.id in {tag.id for tag in sources}:
        target.name, target.key = clean, tag_key(clean)
    if gone:
        _hand_over(session, principal, gone, target)
        _remove(session, principal, gone)
    _bump(session, principal, asset_ids)
    target_id, after = target.id, target.name
    details = {"files": len(asset_ids), "after": after, "before": before if gone else before[0]}
    done = Fact("tag.merge" if gone else "tag.rename", "tag", target_id, details)
    _write_down(session, principal, done, asset_ids, tags_before)
    return Done(before, after, asset_ids)


def delete(
    session: Session,
    principal: Principal,
    tag_ids: Sequence[uuid.UUID],
    *,
    seen: Sequence[str] | None = None,
) -> Done:
    """Take these tags off all files, and away. Raises as `unite` does."""
    require(principal, Action.MANAGE_TAGS)
    asset_ids, tags = _held(session, principal, tag_ids, seen)
    tags_before = _names(session, principal, asset_ids)
    before = tuple(tag.name for tag in tags)
    _remove(session, principal, tags)
    _bump(session, principal, asset_ids)
    details = {"before": list(before), "files": len(asset_ids)}
    one = tag_ids[0] if len(tags) == 1 else None
    _write_down(session, principal, Fact("tag.delete", "tag", one, details), asset_ids, tags_before)
    return Done(before, "", asset_ids)


def _parts(
    tags: Sequence[Tag], tag_ids: Sequence[uuid.UUID], name: str, merge: bool
) -> tuple[list[Tag], Tag]:
    """Those that were chosen, and the one that stays: whichever has the name, else the first."""
    sources = [tag for tag in tags if tag.id in set(tag_ids)]
    target = next((tag for tag in tags if tag.key == tag_key(name)), sources[0])
    if not merge and (len(sources) > 1 or target.id != sources[0].id):
        message = Message(
            "There is a tag “%(name)s” already. Merge the two, or choose another name.",
            name=target.name,
        )
        raise Invalid(message, {"name": message})
    return sources, target


def _tags(session: Session, principal: Principal, tag_ids: Sequence[uuid.UUID]) -> list[Tag]:
    """In the order given."""
    wanted = list(dict.fromkeys(tag_ids))
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise Invalid("Choose 1 to %(most_at_once)s tags.", most_at_once=MOST_AT_ONCE)
    ours = Tag.workspace_id == principal.workspace_id
    found = {tag.id: tag for tag in session.scalars(select(Tag).where(ours, Tag.id.in_(wanted)))}
    if len(found) < len(wanted):
        raise NotFound(MISSING)
    return [found[tag_id] for tag_id in wanted]


def _with_key(session: Session, principal: Principal, name: str) -> Tag | None:
    return session.scalar(scoped(Tag, principal).where(Tag.key == tag_key(name)))


def _holding(principal: Principal, tag_ids: Sequence[uuid.UUID]) -> list[ColumnElement[bool]]:
    """The condition on assets of having one of these tags."""
    having = scoped(AssetTag, principal, AssetTag.asset_id).where(AssetTag.tag_id.in_(tag_ids))
    return [Asset.workspace_id == principal.workspace_id, Asset.id.in_(having)]


def _held(
    session: Session,
    principal: Principal,
    tag_ids: Sequence[uuid.UUID],
    seen: Sequence[str] | None,
    also: str = "",
) -> tuple[tuple[uuid.UUID, ...], list[Tag]]:
    """The files that have the tags, and the tags (with the one called `also`), kept as they are.

    Files come first: who edits a file holds it already when he asks for its tags.
    """
    _tags(session, principal, tag_ids)
    files = select(Asset.id).where(*_holding(principal, tag_ids)).order_by(Asset.id)
    asset_ids = tuple(session.scalars(files.with_for_update()))
    rows = session.scalars(
        scoped(Tag, principal)
        .where(or_(Tag.id.in_(tag_ids), Tag.key == tag_key(also)))
        .order_by(Tag.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    place = {tag_id: at for at, tag_id in enumerate(dict.fromkeys(tag_ids))}
    tags = sorted(rows, key=lambda tag: place.get(tag.id, len(place)))
    if len([tag for tag in tags if tag.id in place]) < len(place):
        raise NotFound(MISSING)
    names = [tag.name for tag in tags if tag.id in place]
    if seen is not None and list(seen) != names:
        raise Stale("Someone renamed a tag. It is now: %(list)s.", list=", ".join(names))
    if tuple(session.scalars(files)) != asset_ids:
        raise Conflict("One of these tags was just added to a file. Try again.")
    return asset_ids, tags


def _hand_over(session: Session, principal: Principal, gone: Sequence[Tag], target: Tag) -> None:
    """Give the target to whatever has one of those that go."""
    having = scoped(
        AssetTag,
        principal,
        AssetTag.workspace_id,
        AssetTag.asset_id,
        literal(target.id),
        AssetTag.asset_created_at,
    ).where(AssetTag.tag_id.in_([tag.id for tag in gone]))
    columns = ["workspace_id", "asset_id", "tag_id", "asset_created_at"]
    session.flush()
    session.execute(
        insert(AssetTag).from_select(columns, having.distinct()).on_conflict_do_nothing()
    )


def _remove(session: Session, principal: Principal, tags: Sequence[Tag]) -> None:
    workspace_id, ids = principal.workspace_id, [tag.id for tag in tags]
    worn = (AssetTag.workspace_id == workspace_id) & AssetTag.tag_id.in_(ids)
    rows = (Tag.workspace_id == workspace_id) & Tag.id.in_(ids)
    session.execute(delete_rows(AssetTag).where(worn), execution_options=_QUIET)
    session.execute(delete_rows(Tag).where(rows), execution_options=_QUIET)


def _bump(session: Session, principal: Principal, asset_ids: Sequence[uuid.UUID]) -> None:
    """Let every page and client know that these files look different."""
    session.execute(
        update(Asset)
        .where(
            Asset.workspace_id == principal.workspace_id,
            Asset.id == any_(literal(asset_ids, ARRAY(Uuid))),
        )
        .values(lock_version=Asset.lock_version + 1, updated_at=func.clock_timestamp()),
        execution_options=_QUIET,
    )
    session.flush()
    session.expire_all()


def _names(session: Session, principal: Principal, asset_ids: Sequence[uuid.UUID]) -> Names:
    """The tags of each file, as its history tells them; nothing when they are too many to tell."""
    if len(asset_ids) > MOST_FACTS:
        return {}
    rows = session.execute(
        scoped(
            AssetTag,
            principal,
            AssetTag.asset_id,
            func.array_agg(aggregate_order_by(Tag.name, Tag.key)),
        )
        .join(Tag)
        .where(AssetTag.asset_id.in_(asset_ids))
        .group_by(AssetTag.asset_id)
    )
    return {asset_id: names for asset_id, names in rows}


def _write_down(
    session: Session,
    principal: Principal,
    done: Fact,
    asset_ids: Sequence[uuid.UUID],
    before: Names,
) -> None:
    after = _names(session, principal, asset_ids)
    facts = [
        Fact("asset.tags", "asset", each, {"before": before[each], "after": after.get(each, [])})
        for each in asset_ids
        if each in before
    ]
    audit.record_all(session, principal, [done, *facts])
