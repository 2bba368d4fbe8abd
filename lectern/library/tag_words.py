"""Tags as a person types them: what a few letters may become, the most used first."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from lectern.library.live_counts import Field, files
from lectern.library.names import LONGEST_TAG, clean_text, tag_key
from lectern.models import Tag
from lectern.people.principal import Principal
from lectern.people.rights import Action, require


class Suggestion(NamedTuple):
    """A tag, and how many live files have it."""

    name: str
    files: int


def suggest(
    session: Session,
    principal: Principal,
    text: str,
    limit: int = 8,
    taken: Collection[str] = (),
) -> list[Suggestion]:
    """Tags in which a word begins with `text`, then those that hold it elsewhere.

    Each group has the most used first. Case and accents do not matter; `taken` are left out.
    Every tag fits an empty text.
    """
    require(principal, Action.SEE)
    part = func.fold(clean_text(text)[:LONGEST_TAG])
    word = func.fold(Tag.name)
    # A word begins at the front, or after what is neither letter nor digit.
    words = func.regexp_replace(" " + word, "[^[:alnum:]]", " ", "g")
    begins = func.strpos(words, " " + func.regexp_replace(part, "[^[:alnum:]]", " ", "g")) > 0
    used = files(Field.TAG, principal.workspace_id, Tag.id).label("files")
    rows = session.execute(
        select(Tag.name, used)
        .where(
            Tag.workspace_id == principal.workspace_id,
            Tag.key.not_in([tag_key(name) for name in taken]),
            func.strpos(word, part) > 0,
        )
        .order_by(case((begins, 0), else_=1), used.desc(), Tag.key)
        .limit(limit)
    )
    return [Suggestion(name, count) for name, count in rows]
