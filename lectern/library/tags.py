"""Tags on assets."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.errors import Invalid
from lectern.library.names import tag_key, tag_name
from lectern.models import Asset, AssetTag, Tag

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
    wanted = {tag_key(name): name for name in clean(names)}
    workspace_id = asset.workspace_id
    if wanted:
        # Sorted, so that two editors who add the same new tags cannot deadlock.
        rows = [
            {"workspace_id": workspace_id, "name": name, "key": key}
            for key, name in sorted(wanted.items())
        ]
        session.execute(insert(Tag).values(rows).on_conflict_do_nothing())
    found = session.scalars(
        select(Tag.id).where(Tag.workspace_id == workspace_id, Tag.key.in_(wanted))
    ).all()
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
