"""The rows of an asset's page that a person can edit in place: what each shows and how."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from babel.numbers import format_decimal
from flask_babel import format_date, get_locale, gettext
from sqlalchemy.orm import Session

from lectern.errors import NotFound
from lectern.library import fields
from lectern.models import Asset, CustomField, FieldType
from lectern.people.principal import Principal
from lectern.taxonomy import custom_fields
from web.pages.assets import choices

PARTS = ("name", "description", "tags", "folder", "language", "licence", "access", "custom")
_TYPES = {
    "name": "line",
    "description": "paragraph",
    "tags": "tags",
    "folder": "folder",
    "language": "language",
    "licence": "licence",
    "access": "access",
}


class Row(NamedTuple):
    """One field: `part` is its name in the API, `key` that of a custom one.

    `type` is a custom field's, or how one of ours is edited. `options` are value and word.
    """

    part: str
    key: str
    label: str
    type: str
    value: Any
    seen: Any
    options: Sequence[tuple[str, str]] = ()
    help: str = ""

    @property
    def id(self) -> str:
        """Its id on the page."""
        return f"field-{self.part}-{self.key}" if self.key else f"field-{self.part}"

    @property
    def shown(self) -> str:
        """The value in words, empty for none."""
        return words(self.type, self.value)

    @property
    def typed(self) -> str:
        """The value as it stands in its input."""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return words(self.type if self.type == "tags" else "line", self.value)

    @property
    def seen_json(self) -> str:
        """What the form sends back as the value that was seen."""
        return json.dumps(self.seen)


def rows(asset: Asset, folder: str, known: Sequence[CustomField]) -> list[Row]:
    """All but the name, which is the page's title, in the order shown.

    `folder` is the path of the asset's folder, `known` the custom fields of its workspace.
    """
    plain = [_plain(asset, part, folder) for part in PARTS if part not in {"name", "custom"}]
    return plain + [_custom(asset, field) for field in known]


def row(session: Session, principal: Principal, asset: Asset, part: str, key: str) -> Row:
    """One row, with everything that its form offers.

    Raises:
        NotFound: there is no such custom field.
    """
    if part == "custom":
        for field in custom_fields.list_of(session, principal):
            if field.key == key:
                return _custom(asset, field)
        raise NotFound("This field no longer exists. Reload the page.")
    path = fields.read(session, asset, part) if part == "folder" else ""
    plain = _plain(asset, part, path)
    match part:
        case "folder":
            paths = fields.folder_paths(session, principal)
            return plain._replace(options=[(path, "") for path in paths])
        case "language":
            return plain._replace(options=choices.languages())
        case "licence":
            return plain._replace(options=[(name, "") for name in choices.LICENCES])
    return plain


def others(asset: Asset, known: Sequence[Row]) -> list[tuple[str, str]]:
    """What programs keep in `custom` under keys that are no field here: key and value."""
    keys = {each.key for each in known}
    return [(key, words("line", value)) for key, value in asset.custom.items() if key not in keys]


def words(kind: str, value: Any) -> str:
    """A value of a row's type in words; whatever does not fit its type is shown as it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if kind == "tags":
        return ", ".join(value)
    if kind == "access":
        return choices.access_words().get(value, str(value))
    if kind == "language":
        name = choices.language_name(value)
        return f"{name} ({value})" if name else str(value)
    if kind == FieldType.DATE and isinstance(value, str):
        return _date(value)
    if kind == FieldType.NUMBER and isinstance(value, int | float):
        # Ungrouped: it may well be a year.
        return format_decimal(value, locale=get_locale(), group_separator=False)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(asset: Asset, part: str, folder: str) -> Row:
    value = folder if part == "folder" else fields.own(asset, part)
    seen = value
    if part == "folder" and asset.folder_id:
        # A folder may be renamed while somebody types: it is still the same one.
        seen = {"id": str(asset.folder_id), "path": value}
    options = list(choices.access_words().items()) if part == "access" else ()
    return Row(part, "", _label(part), _TYPES[part], value, seen, options)


def _custom(asset: Asset, field: CustomField) -> Row:
    value = asset.custom.get(field.key)
    options = [(text, text) for text in field.options]
    seen = {field.key: value}
    return Row("custom", field.key, field.label, field.type, value, seen, options, field.help)


def _label(part: str) -> str:
    labels = {
        "name": gettext("Name"),
        "description": gettext("Description"),
        "tags": gettext("Tags"),
        "folder": gettext("Folder"),
        "language": gettext("Language"),
        "licence": gettext("License"),
        "access": gettext("Access"),
    }
    return str(labels[part])


def _date(text: str) -> str:
    try:
        return str(format_date(date.fromisoformat(text), "long"))
    except ValueError:
        return text
