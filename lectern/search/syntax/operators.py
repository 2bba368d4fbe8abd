"""Operators typed into the search box, such as `tag:react kind:video >100mb`, and its words."""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.errors import Invalid, Message
from lectern.models import Member, User
from lectern.people.principal import Principal
from lectern.search.filter_kinds import MOST_VALUES
from lectern.search.filters import ADDING, FILTERS, LONGEST_QUERY, MOST_WORDS, Query
from lectern.search.syntax.folding import fold
from lectern.search.syntax.measures import Incomplete
from lectern.search.syntax.operator_table import OPERATORS, Operator
from lectern.text import clean_text

# Telephones turn typed quotes into the curved ones.
_QUOTES = '"“”„'
# At least two letters: `C:\x` is a drive.
_KEY = r"[^\W\d_](?:[^\W\d]|-)+"
_NAMED = re.compile(rf"({_KEY}):(.*)")
_SIZED = re.compile(r"(?:>=|<=|[<>≤≥])[0-9].*")
_PIECE = re.compile(
    rf"(?:(?P<key>{_KEY}):)?[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?"
    # A size may have a space before its unit.
    r"|(?:size:)?(?:>=|<=|[<>≤≥])[0-9]+(?:[.,][0-9]+)? (?:[kmgt]i?)?b(?!\S)"
    r"|\S+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """One operator: `text` as typed, for which control (`field`), set to what (`value`).

    `field` is a name of `Query`, or `size`, `duration` or `created` where the operator sets
    bounds; `value` then begins with a comparison (`>=10m`), or is a range or a period.
    """

    text: str
    field: str
    value: str


@dataclass(frozen=True)
class Parsed:
    """What was typed: words to look for, filters by the names of `Query`, and their sources.

    A word with spaces is a phrase. `filters` may also hold `owner_name`: a person still to be
    found. `unfinished` are operators without a whole value yet; they filter nothing.
    """

    words: tuple[str, ...] = ()
    filters: dict[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    unfinished: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """A stretch of what was typed: a word (`key` empty) or an operator with its value."""

    text: str
    key: str
    value: str
    begin: int
    end: int
    last: bool


def parse(q: str) -> Parsed:
    """The words and operators in what somebody typed; nothing asks the database.

    Of operators for one field the last one holds, only those in `ADDING` add up.

    Raises:
        Invalid: an unknown operator, a value that it does not know, or too much of everything.
    """
    if len(q) > LONGEST_QUERY:
        _refuse_length()
    words: dict[str, None] = {}
    filters: dict[str, Any] = {}
    parts: list[Part] = []
    unfinished: list[str] = []
    for piece in _pieces(clean_text(q)):
        if not piece.key:
            if piece.value:
                words[piece.value] = None
            continue
        operator = OPERATORS.get(piece.key) or _refuse_key(piece)
        try:
            if not piece.value:
                raise Incomplete(piece.text)
            meaning = operator.read(piece.value)
        except ValueError as error:
            # Search goes on with every letter; what is on its way is no mistake.
            if isinstance(error, Incomplete) and (piece.last or not piece.value):
                unfinished.append(piece.text)
                continue
            raise _senseless(piece, operator) from error
        _put(filters, meaning.filters)
        parts.append(Part(piece.text, meaning.field, meaning.value))
    if len(words) > MOST_WORDS or len(_typed(words)) > LONGEST_QUERY:
        _refuse_length()
    return Parsed(tuple(words), filters, tuple(parts), tuple(unfinished))


def resolve(session: Session, principal: Principal, query: Query) -> Query:
    """The query with its operators moved into the fields; `q` keeps only words.

    What is typed wins over the field it sets, except that `ADDING` adds up. Resolving twice changes
    nothing more. Phrases stay in quotes, so that `parse` finds the same words again.

    Raises:
        Invalid: as `parse`, or the owner is nobody, or not one person, of this workspace.
    """
    parsed = parse(query.q)
    filters = dict(parsed.filters)
    name = filters.pop("owner_name", None)
    if name is not None:
        filters["owner"] = _owner(session, principal, name)
    for name in ADDING:
        filters[name] = (*getattr(query, name), *filters.get(name, ()))
        filters[name] = tuple(dict.fromkeys(filters[name]))
        if len(filters[name]) > MOST_VALUES:
            message = Message(
                "A search has at most %(most_values)s %(lower)s.",
                most_values=MOST_VALUES,
                lower=FILTERS[name].plural.lower(),
            )
            raise Invalid(message, {"q": message})
    return replace(query, **filters, q=_typed(parsed.words))


def require_finished(query: Query) -> None:
    """For what changes files: an operator that filters nothing yet must not let it reach all.

    Raises:
        Invalid: as `parse`, or an operator has no whole value.
    """
    unfinished = parse(query.q).unfinished
    if unfinished:
        message = Message(
            "“%(unfinished)s” is not finished. Complete it or take it out.",
            unfinished=unfinished[0],
        )
        raise Invalid(message, {"q": message})


def without(q: str, part: Part) -> str:
    """What was typed, without that operator (wherever it stands in the same letters)."""
    text = clean_text(q)
    remaining, begin = [], 0
    for piece in _pieces(text):
        if piece.key and piece.text == part.text:
            remaining.append(text[begin : piece.begin])
            begin = piece.end
    return clean_text(" ".join([*remaining, text[begin:]]))


def _pieces(text: str) -> Iterator[_Piece]:
    """What stands between spaces or quotes, in order. An open quote reaches to the end."""
    for found in _PIECE.finditer(text):
        piece, phrase = found[0], found["phrase"]
        if phrase is not None:
            key, value = (found["key"] or "").lower(), phrase.strip()
        else:
            key, value = _operator(piece) or ("", piece)
        last = found.end() == len(text) and not piece.endswith(tuple(_QUOTES))
        yield _Piece(piece, key, value, found.start(), found.end(), last)


def _operator(text: str) -> tuple[str, str] | None:
    """The key and value of what was typed without quotes; None for a plain word."""
    if _SIZED.fullmatch(text):
        return "size", text
    named = _NAMED.fullmatch(text)
    if not named:
        return None
    key, value = named[1].lower(), named[2]
    if value.startswith(":"):
        return None
    # An address, a title's colon, a face: nobody means an operator.
    unmeant = value.startswith("//") or not any(letter.isalnum() for letter in value)
    return None if key not in OPERATORS and unmeant else (key, value)


def _typed(words: Iterable[str]) -> str:
    """The words as somebody may type them; in quotes whatever would read as something else."""
    return " ".join(f'"{word}"' if " " in word or _operator(word) else word for word in words)


def _put(filters: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if name in ADDING:
            value = (*filters.get(name, ()), *value)
        if name in {"owner", "owner_name"}:
            filters.pop("owner", None)
            filters.pop("owner_name", None)
        filters[name] = value


def _owner(session: Session, principal: Principal, text: str) -> uuid.UUID:
    """The id of a member, by `me`, email address, name, or some words of the name."""
    if text.lower() == "me" and principal.user_id:
        return principal.user_id
    people = session.execute(
        select(User.id, User.email, User.name)
        .join(Member, Member.user_id == User.id)
        .where(Member.workspace_id == principal.workspace_id)
        .order_by(User.email)
    ).all()
    asked = fold(text)
    found = [each for each in people if text.lower() == each.email or asked == fold(each.name)]
    found = found or [each for each in people if {*asked.split()} <= {*fold(each.name).split()}]
    if len(found) == 1:
        return uuid.UUID(str(found[0].id))
    message = Message(
        "No member is called “%(text)s”. Write owner:me, a name or an email address.",
        text=text[:80],
    )
    if found:
        # Not their addresses: whoever may search need not know them.
        several = ", ".join(each.name for each in found[:3])
        message = Message(
            "“%(text)s” fits %(count)s people: %(several)s. Write an email address.",
            text=text[:80],
            count=len(found),
            several=several,
        )
    raise Invalid(message, {"q": message})


def _refuse_length() -> NoReturn:
    message = Message(
        "A search has at most %(most_words)s words and %(longest_query)s characters.",
        most_words=MOST_WORDS,
        longest_query=LONGEST_QUERY,
    )
    raise Invalid(message, {"q": message})


def _refuse_key(piece: _Piece) -> NoReturn:
    message = (
        f"“{piece.key[:80]}:” is no search operator. Known are {', '.join(OPERATORS)}. "
        + _literally(piece)
    )
    raise Invalid(message, {"q": message})


def _senseless(piece: _Piece, operator: Operator) -> Invalid:
    message = f"“{piece.text[:80]}” is not understood. {operator.hint} {_literally(piece)}"
    return Invalid(message, {"q": message})


def _literally(piece: _Piece) -> str:
    plain = "".join(letter for letter in piece.text[:80] if letter not in _QUOTES)
    return Message('To search for it as it stands, put it in quotes: "%(plain)s".', plain=plain)


__all__ = [
    "LONGEST_QUERY",
    "MOST_WORDS",
    "Parsed",
    "Part",
    "parse",
    "require_finished",
    "resolve",
    "without",
]
