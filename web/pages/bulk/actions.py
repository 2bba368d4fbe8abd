"""Every bulk change as pages offer it: its button, its form, and the arguments that these mean.

What the change does is declared in `lectern.bulk.registry` under the same name.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask import g
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from lectern.bulk import KINDS
from lectern.people.rights import can
from web.forms import Form

# What the form's radio button for a new folder sends, in place of a folder's id.
NEW = "new"


class Entry(NamedTuple):
    """A bulk change with a button; `icon` is a symbol's name.

    `args` reads the arguments from the form; while it is not `complete`, `hint` says what is to be
    filled in. One that `moves` files takes them to the trash, or back from it.
    """

    action: str
    label: LazyString
    icon: str
    args: Callable[[Form], dict[str, Any]] = lambda form: {}
    complete: Callable[[Form], bool] = lambda form: True
    hint: LazyString | str = ""
    moves: bool = False
    in_trash: bool = False


def _tags(form: Form) -> dict[str, Any]:
    return {"tags": [tag for tag in map(str.strip, form["tags"].split(",")) if tag]}


def _folder(form: Form) -> dict[str, Any]:
    """An id, a path, or an empty text for no folder; None while none is chosen."""
    if "folder" not in form.values:
        return {"folder": None}
    return {"folder": form["path"] or None if form["folder"] == NEW else form["folder"]}


def _name(form: Form) -> dict[str, Any]:
    if form["how"] == "replace":
        # Blanks at their ends are to be found and put as well.
        return {"find": form.secret("find"), "replace": form.secret("replace")}
    return {"pattern": form["pattern"]}


def _typed(name: str) -> Callable[[Form], bool]:
    return lambda form: bool(form.values.get(name, "").strip(" ,"))


def _named(form: Form) -> bool:
    return _typed("find" if form["how"] == "replace" else "pattern")(form)


_ENTRIES = (
    Entry("tag", _("Tag…"), "tag", _tags, _typed("tags"), _("Type the tags to add.")),
    Entry(
        "untag", _("Remove tags…"), "minus", _tags, _typed("tags"), _("Type the tags to remove.")
    ),
    Entry(
        *("move", _("Move to…"), "folder", _folder),
        lambda form: _folder(form)["folder"] is not None,
        _("Choose a folder."),
    ),
    Entry("rename", _("Rename…"), "edit", _name, _named, _("Type a name.")),
    Entry("trash", _("Trash"), "trash", moves=True),
    Entry("restore", _("Restore"), "restore", moves=True, in_trash=True),
)
ACTIONS: Mapping[str, Entry] = {entry.action: entry for entry in _ENTRIES}


def offered(in_trash: bool) -> list[Entry]:
    """What may be done with files in the trash, or with those that are not."""
    return [
        entry
        for entry in _ENTRIES
        if entry.in_trash == in_trash and can(g.principal, KINDS[entry.action].right)
    ]
