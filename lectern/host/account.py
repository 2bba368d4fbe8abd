"""The account the servers run as: our own, or as root one that owns only their two folders."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from lectern.host.refusal import HostError

NAME = "lectern"
# Above what adduser hands out (59999), below systemd's dynamic users (61184): belongs to nobody on
# Debian.
NUMBER = 60733


@dataclass(frozen=True)
class Account:
    """A user and group by number; `named` if the system's account list knows it."""

    uid: int
    gid: int
    named: bool


def for_servers() -> Account | None:
    """None when this process is not root and the servers simply run as it does.

    An account called `lectern` is used if the machine has one; none is ever created.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        return Account(NUMBER, NUMBER, named=False)
    return Account(entry.pw_uid, entry.pw_gid, named=True)


def for_initdb(account: Account | None) -> Account | None:
    """initdb wants an account with a name; where ours has none, `nobody` lends its for a second.

    Raises:
        HostError: the machine has no `nobody` either.
    """
    if account is None or account.named:
        return account
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise HostError(
            "PostgreSQL does not run as root; create an account named lectern, or run Lectern as "
            "an ordinary user."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, named=True)


def own(folder: Path, account: Account | None) -> None:
    """Give the folder and all in it to the account, 0700 at the top.

    Raises:
        HostError: it belongs to somebody else, and we may not change that.
    """
    target = account or Account(os.geteuid(), os.getegid(), named=True)
    try:
        if folder.stat().st_uid != target.uid:
            # Through directory handles and without following links: whatever lies in there, nothing
            # outside changes.
            for _, folders, files, handle in os.fwalk(folder, topdown=False):
                for name in folders + files:
                    os.chown(name, target.uid, target.gid, dir_fd=handle, follow_symlinks=False)
            os.chown(folder, target.uid, target.gid)
        folder.chmod(0o700)
    except PermissionError as error:
        raise HostError(
            f"{folder} belongs to user number {folder.stat().st_uid} and cannot be given to "
            f"{target.uid}; "
            "run Lectern as the account that owns it, or choose another folder with --data."
        ) from error


def can_enter(path: Path, account: Account | None) -> bool:
    """Whether permission bits let the account through every folder above `path`."""
    if account is None:
        return os.access(path, os.X_OK)
    return all(_may_search(folder, account) for folder in path.resolve().parents)


def _may_search(folder: Path, account: Account) -> bool:
    facts = folder.stat()
    if facts.st_uid == account.uid:
        return bool(facts.st_mode & 0o100)
    if facts.st_gid == account.gid:
        return bool(facts.st_mode & 0o010)
    return bool(facts.st_mode & 0o001)
