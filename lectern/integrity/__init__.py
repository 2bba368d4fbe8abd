"""The integrity rules of docs/reliability.md, one function each: what `fsck`, drills and tests ask.

What no state can show is proved by tests alone: I9 (Redis may be emptied) and I14 (the sandbox) by
`tests/faults` and `tests/lectern/media`, I12 (rights) by `tests/web/test_routes.py`. I11 is about
learners' events, which do not exist yet.
"""

from lectern.integrity.invariants import CHECKS, Here, all_findings

__all__ = ["CHECKS", "Here", "all_findings"]
