"""The fields of an asset that a person may change: how each is checked, read and written.

A field's name and value are those of the JSON API.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern import text, values
from lectern.errors import Invalid, Message
from lectern.models import Asset, Folder
from lectern.people.principal import Principal
from lectern.taxonomy import folders, tags

LONGEST_TEXT = 20_000
_TEXT = values.text(LONGEST_TEXT)
# Levels of objects and lists in `custom`.
DEEPEST = 8
ACCESS = ("course", "unlisted", "public")
# What a field without a value holds.
EMPTY: Mapping[str, Any] = {
    "name": "",
    "tags": [],
    "folder": "",
    "description": "",
    "language": None,
    "licence": None,
    "access": "course",
    "custom": {},
}
# How many folders are offered where one is typed.
MOST_OFFERED = 500


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept.

    Raises:
        Invalid: a field is unknown or unusable.
    """
    unknown = set(changes) - set(_CHECKS)
    if unknown:
        field = sorted(unknown)[0]
        raise Invalid(
            "%(field_name)s cannot be changed.",
            {field: "This cannot be changed."},
            field_name=repr(field),
        )
    return {field: _CHECKS[field](value) for field, value in changes.items()}


def same(field: str, one: Any, other: Any) -> bool:
    """True when two values of a field mean the same."""
    if field == "tags":
        # Two spellings are one tag, and it stays as it was first spelled.
        return {text.tag_key(name) for name in one} == {text.tag_key(name) for name in other}
    # In Python true is 1, in JSON it is not.
    return bool(one == other) and json.dumps(one, sort_keys=True) == json.dumps(
        other, sort_keys=True
    )


def same_custom(key: str, one: Any, other: Any) -> bool:
    """The same for values of a custom field, whose key may be that of another field."""
    return same("", one, other)


def read(session: Session, asset: Asset, field: str) -> Any:
    """The value now; a folder is its path, and no folder the empty one."""
    if field == "folder":
        return folders.path_of(session, asset.workspace_id, asset.folder_id)
    return own(asset, field)


def own(asset: Asset, field: str) -> Any:
    """The value of a field that the asset holds itself: any but its folder."""
    if field == "tags":
        return [tag.name for tag in asset.tags]
    return getattr(asset, field)


def write(session: Session, principal: Principal, asset: Asset, field: str, value: Any) -> None:
    """Set the value, which has been checked; tags and folders are made as needed."""
    if field == "tags":
        tags.put(session, asset, value)
    elif field == "folder":
        folder = folders.ensure(session, principal, value)
        asset.folder_id = folder.id if folder else None
    else:
        setattr(asset, field, value)


def folder_paths(session: Session, principal: Principal) -> list[str]:
    """Folders to choose from, by path; of very many the newest."""
    ids = session.scalars(
        select(Folder.id)
        .where(Folder.workspace_id == principal.workspace_id)
        .order_by(Folder.id.desc())
        .limit(MOST_OFFERED)
    ).all()
    found: dict[uuid.UUID | None, str] = folders.paths_of(session, principal.workspace_id, ids)
    return sorted(found.values(), key=str.casefold)


def _name(value: Any) -> str:
    return text.asset_name(values.field("name", value, _TEXT))


def _tags(value: Any) -> list[str]:
    return tags.clean(values.field("tags", value, values.items(values.text(), "texts")))


def _folder(value: Any) -> str:
    if isinstance(value, dict):
        # As an asset shows its folder, so that what was read can be sent back.
        value = value.get("id") or value.get("path")
    return "/".join(folders.split(values.field("folder", value or "", _TEXT)))


def _access(value: Any) -> str:
    return values.field(
        "access", value, values.choice(ACCESS), Message("Choose course, unlisted or public.")
    )


def _custom(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or _depth(value, DEEPEST) > DEEPEST:
        raise Invalid.of(
            "custom",
            "Send a JSON object of objects and lists, nested at most %(deepest)s levels deep.",
            deepest=DEEPEST,
        )
    if len(json.dumps(value)) > LONGEST_TEXT:
        raise Invalid.of(
            "custom",
            "This is too long. The limit is %(longest_text)s characters of JSON.",
            longest_text=LONGEST_TEXT,
        )
    return value


def _depth(value: Any, most: int) -> int:
    """How deep objects and lists are nested; does not look deeper than `most` and one."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list) or most < 0:
        return 0
    return 1 + max((_depth(item, most - 1) for item in inner), default=0)


def _description(value: Any) -> str:
    return text.clean_paragraphs(values.field("description", value, _TEXT))


def _line(field: str, longest: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return text.clean_text(values.field(field, value or "", values.text(longest))) or None

    return check


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "tags": _tags,
    "folder": _folder,
    "description": _description,
    "language": _line("language", 35),
    "licence": _line("licence", 200),
    "access": _access,
    "custom": _custom,
}
