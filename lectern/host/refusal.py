"""Why the servers of a data folder cannot be had."""

from lectern.errors import LecternError


class HostError(LecternError):
    """One line that says what is in the way and what to do about it."""
