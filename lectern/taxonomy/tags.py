"""Tags on assets."""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Invalid
from lectern.models import Asset, AssetTag, Tag
from lectern.text import tag_key, tag_name

MOST = 100


def clean(raw: Iterable[str]) -> list[str]:
    """Tag names as they will be shown, each once, in the order given.

    Raises:
        Invalid: one is unusable, or there are too many.
    """
    names: dict[str, str] = {}
    for text in raw:
        name = tag_name(text)
        names.setdefault(tag_key(name), name)
    if len(names) > MOST:
        message = f"An asset may have at most {MOST} tags."
        raise Invalid(message, {"tags": message})
    return list(names.values())


def put(session: Session, asset: Asset, names: Iterable[str]) -> None:
    """Give the asset exactly these tags, making new ones as needed."""
    workspace_id = asset.workspace_id
    found = ensure(session, workspace_id, clean(names))
    session.execute(
        delete(AssetTag).where(
            AssetTag.workspace_id == workspace_id,
            AssetTag.asset_id == asset.id,
            AssetTag.tag_id.not_in(found),
        )
    )
    if found:
        rows = [
            {
                "workspace_id": workspace_id,
                "asset_id": asset.id,
                "tag_id": tag_id,
                "asset_created_at": asset.created_at,
            }
            for tag_id in found
        ]
        session.execute(insert(AssetTag).values(rows).on_conflict_do_nothing())
    session.expire(asset, ["tags"])


def ensure(session: Session, workspace_id: uuid.UUID, names: Iterable[str]) -> Sequence[uuid.UUID]:
    """The ids of these tags, made where missing, and kept from vanishing until the commit.

    `names` are cleaned ones. Lock the assets that will get them first.

    Raises:
        Conflict: somebody removes them as fast as they are made.
    """
    wanted = {tag_key(name): name for name in names}
    if not wanted:
        return []
    # Sorted, so that two editors who add the same new tags cannot deadlock.
    rows = [
        {"workspace_id": workspace_id, "name": name, "key": key}
        for key, name in sorted(wanted.items())
    ]
    for _attempt in range(3):
        session.execute(insert(Tag).values(rows).on_conflict_do_nothing())
        # Waits for whoever merges or deletes one right now; then it is gone, and made again.
        found = session.scalars(
            select(Tag.id)
            .where(Tag.workspace_id == workspace_id, Tag.key.in_(wanted))
            .order_by(Tag.key)
            .with_for_update(read=True, key_share=True)
        ).all()
        if len(found) == len(wanted):
            return found
    raise Conflict("Somebody is changing these tags at this moment. Try again.")
