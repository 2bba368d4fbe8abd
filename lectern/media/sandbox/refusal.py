"""How opening a file can end badly: for good, for now, or because someone stopped it."""

from lectern.errors import LecternError


class Refused(LecternError):
    """The content is not acceptable and never will be; the message says why, to the sender."""


class Unreadable(LecternError):
    """The bytes could not be read from where they lie just now; trying again may work."""


class SandboxCrashed(LecternError):
    """The sandbox died without an answer. A second try is fair, a fourth is not: count them."""


class SandboxUnavailable(LecternError):
    """This machine cannot confine the sandbox as required; nothing was opened."""


class Stopped(LecternError):
    """The caller asked to stop; the sandbox and all it started are gone."""
