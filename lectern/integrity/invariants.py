"""One function an invariant. Each finds what contradicts it, and changes nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy.orm import Session

from lectern.integrity import fsck
from lectern.integrity.fsck import Finding
from lectern.settings import Settings
from lectern.storage import Storage


@dataclass(frozen=True)
class Here:
    """What is checked. Without `read` stored files are counted and measured, not read."""

    session: Session
    settings: Settings
    storage: Storage
    read: bool = True


Check = Callable[[Here], Iterator[Finding]]


def acknowledged_bytes_stay(here: Here) -> Iterator[Finding]:
    """I1: an unfinished upload has all the bytes that were acknowledged."""
    return fsck.spooled(here.session, here.settings)


def uploads_are_never_lost(here: Here) -> Iterator[Finding]:
    """I2: an accepted upload is a file of the library, until an owner purges it."""
    return fsck.rows(here.session, "I2")


def nothing_dangles(here: Here) -> Iterator[Finding]:
    """I3: what rows name is stored, with the size and the digest that they say."""
    yield from fsck.rows(here.session, "I3")
    yield from fsck.stored(here.session, here.storage, read=here.read)


def nothing_named_goes(here: Here) -> Iterator[Finding]:
    """I4: what is on its way out is named by nothing, and no id of a purged file is used again."""
    return fsck.rows(here.session, "I4")


def the_head_is_whole(here: Here) -> Iterator[Finding]:
    """I5: each file has a current version of its own, and shows that version's facts."""
    return fsck.rows(here.session, "I5")


def history_is_immutable(here: Here) -> Iterator[Finding]:
    """I6: versions are numbered from 1 without gaps, and counted rightly."""
    return fsck.rows(here.session, "I6")


def every_task_ends(here: Here) -> Iterator[Finding]:
    """I7: what is under way has somebody at it, or somebody who will be."""
    return fsck.rows(here.session, "I7")


def effects_happen_once(here: Here) -> Iterator[Finding]:
    """I8: a step that is done has its result; that there is one only, the tables see to."""
    return fsck.rows(here.session, "I8")


def counts_equal_truth(here: Here) -> Iterator[Finding]:
    """I10: kept numbers, lists and search texts equal what a recount says."""
    return fsck.rows(here.session, "I10")


def served_bytes_are_clean(here: Here) -> Iterator[Finding]:
    """I13: nothing that is shown to learners is of a type that a browser would run."""
    return fsck.rows(here.session, "I13")


def the_past_can_be_proved(here: Here) -> Iterator[Finding]:
    """I15: audit logs are whole and know of every purge, and the trash ends."""
    yield from fsck.rows(here.session, "I15")
    yield from fsck.chains(here.session)
    yield from fsck.purges(here.session)


# Reading all files comes last: what is quick is said at once.
CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "I1": acknowledged_bytes_stay,
        "I2": uploads_are_never_lost,
        "I4": nothing_named_goes,
        "I5": the_head_is_whole,
        "I6": history_is_immutable,
        "I7": every_task_ends,
        "I8": effects_happen_once,
        "I10": counts_equal_truth,
        "I13": served_bytes_are_clean,
        "I15": the_past_can_be_proved,
        "I3": nothing_dangles,
    }
)


def all_findings(here: Here) -> Iterator[Finding]:
    """Everything that is wrong, the quick checks first."""
    for check in CHECKS.values():
        yield from check(here)
