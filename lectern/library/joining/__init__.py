"""Merging duplicates: of several files of equal bytes one stays, and gets what the others had.

The others go to the trash, from which an undo takes them back with everything they had.
"""

from lectern.library.joining.finding import get, into, kept_of
from lectern.library.joining.merging import merge
from lectern.library.joining.plans import Filled, Plan, Told
from lectern.library.joining.preparing import MOST_FILES, MOST_USES, foresee
from lectern.library.joining.undoing import can_undo, undo

__all__ = [
    "MOST_FILES",
    "MOST_USES",
    "Filled",
    "Plan",
    "Told",
    "can_undo",
    "foresee",
    "get",
    "into",
    "kept_of",
    "merge",
    "undo",
]
