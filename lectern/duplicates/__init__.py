"""Merging duplicates: of several files of equal bytes one stays, and gets what the others had.

The others go to the trash, from which an undo takes them back with everything they had.
"""

from lectern.duplicates.merge import merge
from lectern.duplicates.merge_locks import MOST_FILES, MOST_USES, preview
from lectern.duplicates.merge_plan import Filled, Leftover, Plan
from lectern.duplicates.merges import get, into, kept_of
from lectern.duplicates.undo import can_undo, undo

__all__ = [
    "MOST_FILES",
    "MOST_USES",
    "Filled",
    "Leftover",
    "Plan",
    "can_undo",
    "get",
    "into",
    "kept_of",
    "merge",
    "preview",
    "undo",
]
