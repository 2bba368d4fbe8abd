"""Who may do what: one table of roles, one of token scopes, and the question asked of them."""

import uuid
from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Protocol

from lectern.errors import Forbidden, Message, NotFound
from lectern.models import Role
from lectern.people.principal import Principal


class Action(StrEnum):
    """Everything that can be asked for; every route declares one."""

    SEE = "see"
    PLAY = "play"
    DOWNLOAD_ORIGINAL = "download_original"
    UPLOAD = "upload"
    EDIT = "edit"
    CHOOSE_POSTER = "choose_poster"
    TRASH = "trash"
    RESTORE = "restore"
    PURGE = "purge"
    SEE_COURSES = "see_courses"
    EDIT_COURSES = "edit_courses"
    MANAGE_TAGS = "manage_tags"
    SEE_AUDIT = "see_audit"
    SEE_STORAGE = "see_storage"
    MANAGE_FIELDS = "manage_fields"
    EXCHANGE = "exchange"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_TOKENS = "manage_tokens"


class Reach(Enum):
    """How far a right goes: nowhere, to what one made oneself, to everything."""

    NONE = 0
    OWN = 1
    ANY = 2


ANY, OWN, NONE = Reach.ANY, Reach.OWN, Reach.NONE
_COLUMNS = (Role.OWNER, Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER)
# fmt: off
_TABLE = {
    #                          owner  editor contributor viewer
    Action.SEE:               (ANY,   ANY,   ANY,   ANY),
    Action.PLAY:              (ANY,   ANY,   ANY,   ANY),
    Action.DOWNLOAD_ORIGINAL: (ANY,   ANY,   OWN,   NONE),
    Action.UPLOAD:            (ANY,   ANY,   ANY,   NONE),
    Action.EDIT:              (ANY,   ANY,   OWN,   NONE),
    Action.CHOOSE_POSTER:     (ANY,   ANY,   OWN,   NONE),
    Action.TRASH:             (ANY,   ANY,   OWN,   NONE),
    Action.RESTORE:           (ANY,   ANY,   OWN,   NONE),
    Action.PURGE:             (ANY,   NONE,  NONE,  NONE),
    Action.SEE_COURSES:       (ANY,   ANY,   ANY,   ANY),
    Action.EDIT_COURSES:      (ANY,   ANY,   ANY,   NONE),
    Action.MANAGE_TAGS:       (ANY,   ANY,   NONE,  NONE),
    Action.SEE_AUDIT:         (ANY,   NONE,  NONE,  NONE),
    Action.SEE_STORAGE:       (ANY,   NONE,  NONE,  NONE),
    Action.MANAGE_FIELDS:     (ANY,   NONE,  NONE,  NONE),
    Action.EXCHANGE:          (ANY,   NONE,  NONE,  NONE),
    Action.MANAGE_MEMBERS:    (ANY,   NONE,  NONE,  NONE),
    Action.MANAGE_TOKENS:     (ANY,   OWN,   OWN,   OWN),
}
# fmt: on
RIGHTS: Mapping[Action, Mapping[Role, Reach]] = {
    action: dict(zip(_COLUMNS, reaches, strict=True)) for action, reaches in _TABLE.items()
}

_READ = frozenset(
    {
        *(Action.SEE, Action.PLAY, Action.DOWNLOAD_ORIGINAL, Action.SEE_COURSES),
        *(Action.SEE_AUDIT, Action.SEE_STORAGE),
    }
)
# What a token of a scope may do, at most: its owner's role has the last word. Several scopes add
# up. None grants MANAGE_TOKENS, or a stolen token could outlive its revocation by making another.
SCOPES: Mapping[str, frozenset[Action]] = {
    "read": _READ,
    "write": frozenset(Action) - {Action.MANAGE_TOKENS},
    "upload": frozenset({Action.SEE, Action.UPLOAD}),
    "edit": frozenset({Action.SEE, Action.EDIT, Action.CHOOSE_POSTER}),
    "trash": frozenset({Action.SEE, Action.TRASH, Action.RESTORE}),
    "courses": frozenset({Action.SEE, Action.SEE_COURSES, Action.EDIT_COURSES}),
}

# What must be allowed for an object to be there at all; for the rest it is SEE.
_SHOWN_BY = {
    Action.SEE_COURSES: Action.SEE_COURSES,
    Action.EDIT_COURSES: Action.SEE_COURSES,
    Action.SEE_AUDIT: Action.SEE_AUDIT,
    Action.SEE_STORAGE: Action.SEE_STORAGE,
    Action.MANAGE_TOKENS: Action.MANAGE_TOKENS,
}

_WORDS = {
    Action.PLAY: Message("play files"),
    Action.DOWNLOAD_ORIGINAL: Message("download original files"),
    Action.UPLOAD: Message("upload files"),
    Action.EDIT: Message("edit files"),
    Action.CHOOSE_POSTER: Message("choose posters"),
    Action.TRASH: Message("move files to the trash"),
    Action.RESTORE: Message("restore files from the trash"),
    Action.PURGE: Message("delete files permanently"),
    Action.EDIT_COURSES: Message("change courses"),
    Action.MANAGE_TAGS: Message("change tags, folders and shared searches"),
    Action.MANAGE_FIELDS: Message("manage the fields of this workspace"),
    Action.EXCHANGE: Message("export or import the library"),
    Action.MANAGE_MEMBERS: Message("manage the members of this workspace"),
}


class Owned(Protocol):
    """A thing of one workspace that somebody made."""

    @property
    def workspace_id(self) -> uuid.UUID: ...

    @property
    def created_by(self) -> uuid.UUID | None: ...


def can(principal: Principal, action: Action, obj: Owned | None = None) -> bool:
    """Whether the principal may do this to `obj`; without one, whether to anything at all.

    A right that reaches one's own things only is therefore asked twice: by the route without an
    object, by the domain with it.
    """
    if principal.scopes is not None and not _granted(principal.scopes, action):
        return False
    reach = RIGHTS[action][principal.role]
    if obj is None:
        return reach is not NONE
    if obj.workspace_id != principal.workspace_id:
        return False
    return reach is ANY or (reach is OWN and _owns(principal, obj))


def require(principal: Principal, action: Action, obj: Owned | None = None) -> None:
    """Let pass what `can` allows.

    Raises:
        NotFound: the principal may not even know of it, so it reads like a missing one.
        Forbidden: it is there to see, but not to be done.
    """
    if can(principal, action, obj):
        return
    if action not in _WORDS or not can(principal, _SHOWN_BY.get(action, Action.SEE), obj):
        raise NotFound("Not found.")
    what = _WORDS[action]
    if principal.scopes is not None and not _granted(principal.scopes, action):
        scopes = " or ".join(sorted(name for name, actions in SCOPES.items() if action in actions))
        raise Forbidden(
            "This token is not allowed to %(what)s. Use a token with the scope %(scopes)s.",
            what=what,
            scopes=scopes,
        )
    if RIGHTS[action][principal.role] is OWN:
        raise Forbidden(
            "With the role %(role)s, you can %(what)s only if you own them.",
            role=principal.role,
            what=what,
        )
    raise Forbidden(
        "The role %(role)s does not allow you to %(what)s. Ask an owner for permission.",
        role=principal.role,
        what=what,
    )


def _granted(scopes: frozenset[str], action: Action) -> bool:
    return any(action in SCOPES.get(scope, ()) for scope in scopes)


def _owns(principal: Principal, obj: Owned) -> bool:
    return principal.user_id is not None and obj.created_by == principal.user_id
