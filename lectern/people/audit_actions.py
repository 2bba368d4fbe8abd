"""Every action that the audit log records, each declared once.

`audit.record` refuses any other, and the pages that show the log take its sentence and its icon
from here. Sentences are marked with `N_` for translation, since the domain knows no reader: the web
translates them when it shows them.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lectern.text import N_

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


class AuditAction(NamedTuple):
    """Something that can be done, as `noun.verb`.

    `icon` is a symbol's name. `sentences` say it, the most exact first: an entry is told with the
    first one whose placeholders its details can fill, so the last one has none. `objects` are the
    types of what it is done to. `groups` name the filters of a file's history that show it, and
    `undoable` says that an entry with the values before and after can be taken back.
    """

    name: str
    icon: str
    sentences: tuple[str, ...]
    objects: tuple[str, ...]
    groups: tuple[str, ...]
    undoable: bool

    def sentence(self, values: Mapping[str, Any]) -> str:
        """The sentence for these values, with its placeholders."""
        return next(
            text
            for text in self.sentences
            if all(values.get(name) for name in _PLACEHOLDER.findall(text))
        )


def _action(
    name: str,
    icon: str,
    *sentences: str,
    objects: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    undoable: bool = False,
) -> AuditAction:
    return AuditAction(
        name, icon, sentences, objects or (name.partition(".")[0],), groups, undoable
    )


_FILE, _PERSON, _WORKSPACE = ("asset",), ("user",), ("workspace",)
_SUBJECT = ("asset", "course")
_EDITS, _LESSONS, _VERSIONS, _TRASH = ("edits",), ("lessons",), ("versions",), ("trash",)

_ALL = (
    # What happens to a file.
    _action("asset.upload", "upload", N_("Uploaded"), groups=_VERSIONS),
    _action("asset.import", "download", N_("Imported"), groups=_VERSIONS),
    _action(
        "asset.replace",
        "upload",
        N_("Version %(version)s was uploaded"),
        N_("A new version was uploaded"),
        groups=_VERSIONS,
    ),
    _action(
        "asset.rollback",
        "restore",
        N_("Version %(restores)s was restored as version %(version)s"),
        N_("An earlier version was restored"),
        groups=_VERSIONS,
    ),
    _action(
        "asset.note",
        "edit",
        N_("Added a note to version %(version)s"),
        N_("Added a note to a version"),
        groups=_VERSIONS,
    ),
    _action(
        "asset.schedule",
        "clock",
        N_("Version %(version)s will become current on %(at)s (%(zone)s)"),
        N_("A version was scheduled"),
        groups=_VERSIONS,
    ),
    _action(
        "asset.unschedule",
        "clock",
        N_("Canceled: version %(version)s on %(at)s (%(zone)s)"),
        N_("Canceled a scheduled version"),
        groups=_VERSIONS,
    ),
    _action(
        "asset.switch",
        "clock",
        N_("Version %(version)s, due %(due)s (%(zone)s), became current"),
        N_("Version %(version)s became current as scheduled, %(at)s (%(zone)s)"),
        N_("A version became current"),
        groups=_VERSIONS,
    ),
    _action(
        "asset.name",
        "edit",
        N_("Renamed from “%(before)s” to “%(after)s”"),
        N_("Renamed"),
        groups=_EDITS,
        undoable=True,
    ),
    _action("asset.description", "edit", N_("Description changed"), groups=_EDITS, undoable=True),
    _action("asset.tags", "tag", N_("Tags changed"), groups=("edits", "tags"), undoable=True),
    _action(
        "asset.folder",
        "folder",
        N_("Moved to the folder %(after)s"),
        N_("Removed from the folder %(before)s"),
        N_("Moved to another folder"),
        groups=_EDITS,
        undoable=True,
    ),
    _action("asset.language", "edit", N_("Language changed"), groups=_EDITS, undoable=True),
    _action("asset.licence", "edit", N_("License changed"), groups=_EDITS, undoable=True),
    _action("asset.access", "edit", N_("Access changed"), groups=_EDITS, undoable=True),
    _action("asset.custom", "edit", N_("Fields changed"), groups=_EDITS, undoable=True),
    _action("asset.poster", "image", N_("Chose another poster"), groups=_EDITS, undoable=True),
    _action(
        "asset.trash",
        "trash",
        N_("Moved to the trash: %(reason)s"),
        N_("Moved to the trash"),
        groups=_TRASH,
        undoable=True,
    ),
    _action("asset.restore", "restore", N_("Restored from the trash"), groups=_TRASH),
    _action("asset.purge", "trash", N_("Deleted permanently"), groups=_TRASH),
    _action(
        "asset.merge",
        "merge",
        N_("Merged with its duplicates: %(names)s"),
        N_("Merged with its duplicates"),
        groups=_TRASH,
    ),
    _action(
        "asset.merged",
        "merge",
        N_("Merged into “%(into)s”"),
        N_("Merged into another file"),
        groups=_TRASH,
    ),
    _action("asset.unmerge", "restore", N_("The merge was undone"), groups=_TRASH),
    _action("asset.different", "check", N_("Marked as different from another file")),
    _action("asset.alike", "restore", N_("No longer marked as different from another file")),
    _action("asset.retry", "refresh", N_("Retried processing")),
    _action("asset.cancel", "close", N_("Stopped a step")),
    _action("asset.download", "download", N_("Downloaded the original"), groups=("downloads",)),
    _action("captions.save", "edit", N_("Captions changed"), objects=_FILE),
    _action("captions.review", "check", N_("Captions reviewed"), objects=_FILE),
    _action("captions.delete", "trash", N_("Captions deleted"), objects=_FILE),
    _action("captions.restore", "restore", N_("Captions restored"), objects=_FILE),
    _action("captions.import", "document", N_("Captions taken from the file"), objects=_FILE),
    _action("captions.again", "refresh", N_("Captions are being generated again"), objects=_FILE),
    # Courses, and where their lessons use files.
    _action(
        "usage.add",
        "book",
        N_("Added to %(place)s"),
        N_("Added to a lesson"),
        objects=_FILE,
        groups=_LESSONS,
    ),
    _action(
        "usage.end",
        "book",
        N_("Removed from %(place)s"),
        N_("Removed from a lesson"),
        objects=_FILE,
        groups=_LESSONS,
    ),
    _action(
        "usage.change",
        "book",
        N_("Changed in %(place)s"),
        N_("Changed in a lesson"),
        objects=_FILE,
        groups=_LESSONS,
    ),
    _action(
        "usage.reorder",
        "book",
        N_("Changed the order of the files"),
        objects=("course", "chapter", "lesson"),
        groups=_LESSONS,
    ),
    _action("course.create", "book", N_("Created a course")),
    _action("course.change", "book", N_("Changed a course")),
    _action("course.remove", "book", N_("Removed a course")),
    _action("course.term_add", "book", N_("Added a term to a glossary")),
    _action("course.term_remove", "book", N_("Removed a term from a glossary")),
    _action("chapter.add", "book", N_("Added a chapter")),
    _action("chapter.change", "book", N_("Changed a chapter")),
    _action("chapter.remove", "book", N_("Removed a chapter")),
    _action("lesson.add", "book", N_("Added a lesson")),
    _action("lesson.change", "book", N_("Changed a lesson")),
    _action("lesson.move", "book", N_("Moved a lesson")),
    _action("lesson.remove", "book", N_("Removed a lesson")),
    # What orders the library.
    _action("folder.create", "folder", N_("Created a folder")),
    _action("folder.rename", "folder", N_("Renamed a folder")),
    _action("folder.move", "folder", N_("Moved a folder")),
    _action("folder.delete", "folder", N_("Deleted a folder")),
    _action("tag.rename", "tag", N_("Renamed a tag")),
    _action("tag.merge", "tag", N_("Merged tags")),
    _action("tag.delete", "tag", N_("Deleted a tag")),
    _action("field.create", "edit", N_("Created a field")),
    _action("field.change", "edit", N_("Changed a field")),
    _action("field.move", "edit", N_("Moved a field")),
    _action("field.delete", "edit", N_("Deleted a field")),
    _action("search.create", "search", N_("Saved a search")),
    _action("search.change", "search", N_("Changed a saved search")),
    _action("search.replace", "search", N_("Updated a saved search")),
    _action("search.delete", "search", N_("Deleted a saved search")),
    _action("batch.tag", "clock", N_("Added tags to many files")),
    _action("batch.untag", "clock", N_("Removed tags from many files")),
    _action("batch.move", "clock", N_("Moved many files to a folder")),
    _action("batch.rename", "clock", N_("Renamed many files")),
    _action("batch.trash", "clock", N_("Moved many files to the trash")),
    _action("batch.restore", "clock", N_("Restored many files from the trash")),
    _action("batch.process", "clock", N_("Retried the steps of many files")),
    _action("batch.undo", "clock", N_("Undid a bulk change")),
    _action("batch.fail", "clock", N_("A bulk change failed")),
    _action("proposal.accept", "check", N_("Accepted a proposal"), objects=_SUBJECT),
    _action("proposal.edit", "edit", N_("Accepted a proposal as edited"), objects=_SUBJECT),
    _action("proposal.refuse", "close", N_("Rejected a proposal"), objects=_SUBJECT),
    _action("proposal.undo", "restore", N_("Undid a decision on a proposal"), objects=_SUBJECT),
    # The workspace and its people.
    _action("library.export", "library", N_("Exported the library"), objects=_WORKSPACE),
    _action("library.import", "library", N_("Imported into the library"), objects=_WORKSPACE),
    _action("library.undo", "library", N_("Undid an import"), objects=_WORKSPACE),
    _action("library.restore", "library", N_("Restored from a backup"), objects=_WORKSPACE),
    _action("member.add", "users", N_("Added a member"), objects=_PERSON),
    _action("member.change", "users", N_("Changed a member's role"), objects=_PERSON),
    _action("member.remove", "users", N_("Removed a member"), objects=_PERSON),
    _action("password.change", "key", N_("Changed a password"), objects=_PERSON),
    _action("session.start", "user", N_("Signed in"), objects=_PERSON),
    _action("session.end", "user", N_("Signed out"), objects=_PERSON),
    _action("session.refuse", "user", N_("Sign-in failed"), objects=_PERSON),
    _action("token.create", "key", N_("Created a token")),
    _action("token.revoke", "key", N_("Revoked a token")),
)
ACTIONS: Mapping[str, AuditAction] = {action.name: action for action in _ALL}


def check(action: str, object_type: str) -> None:
    """Refuse what is not declared: without a sentence nobody could read it later.

    Raises:
        ValueError: there is no such action, or it is not done to such objects.
    """
    declared = ACTIONS.get(action)
    if declared is None or object_type not in declared.objects:
        raise ValueError(
            f"Declare the audit action {action} of a {object_type} in lectern.people.audit_actions."
        )


def in_group(group: str) -> tuple[str, ...]:
    """The names of the actions that a filter of a file's history shows."""
    return tuple(action.name for action in _ALL if group in action.groups)
