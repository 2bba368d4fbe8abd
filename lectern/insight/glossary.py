"""The words that courses use: heard better because they are known, and proposed where misheard."""

import uuid

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Invalid, Message, NotFound
from lectern.models import Asset, AssetTag, Chapter, Course, GlossaryTerm, Lesson, Tag, Usage
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search.syntax.folding import fold
from lectern.text import clean_text

LONGEST_TERM = 80
MOST_TERMS = 500
MOST_SPELLINGS = 12
# A recogniser takes in about 220 tokens of hotwords; more would be cut off in the middle.
MOST_HOTWORDS = 600


def list_of(session: Session, workspace_id: uuid.UUID, course_id: uuid.UUID) -> list[GlossaryTerm]:
    """The terms of a course, in alphabetical order."""
    return list(
        session.scalars(
            select(GlossaryTerm)
            .where(GlossaryTerm.workspace_id == workspace_id, GlossaryTerm.course_id == course_id)
            .order_by(GlossaryTerm.key)
        )
    )


def add(
    session: Session, principal: Principal, course: Course, text: str, sounds_like: str = ""
) -> GlossaryTerm:
    """Add a term; `sounds_like` are spellings that machines write for it, with commas between.

    Raises:
        Invalid: nothing is left of it, or it is too long, or there are too many.
        Conflict: the course has the term already.
    """
    require(principal, Action.EDIT_COURSES)
    term, spellings = _term(text), _spellings(sounds_like)
    if len(list_of(session, course.workspace_id, course.id)) >= MOST_TERMS:
        raise Invalid(
            "A glossary may have at most %(most_terms)s terms.",
            {"term": "Too many."},
            most_terms=MOST_TERMS,
        )
    row = GlossaryTerm(
        workspace_id=course.workspace_id,
        course_id=course.id,
        term=term,
        key=fold(term),
        sounds_like=spellings,
        created_by=principal.user_id,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise Conflict("“%(term)s” is already in the glossary.", term=term) from error
    details = {"term": term, "sounds_like": spellings}
    audit.record(session, principal, "course.term_add", "course", course.id, details)
    return row


def remove(session: Session, principal: Principal, term_id: uuid.UUID) -> GlossaryTerm:
    """Take a term out of its glossary.

    Raises:
        NotFound: there is no such term here.
    """
    require(principal, Action.EDIT_COURSES)
    row = session.get(GlossaryTerm, (principal.workspace_id, term_id))
    if row is None:
        raise NotFound("Term not found in this workspace.")
    session.delete(row)
    session.flush()
    details = {"term": row.term, "sounds_like": row.sounds_like}
    audit.record(session, principal, "course.term_remove", "course", row.course_id, details)
    return row


def terms_for(session: Session, asset: Asset) -> list[GlossaryTerm]:
    """The terms of the courses that use the asset, and those of the whole workspace."""
    of_courses = select(Usage.course_id).where(
        Usage.workspace_id == asset.workspace_id, Usage.asset_id == asset.id
    )
    return list(
        session.scalars(
            select(GlossaryTerm)
            .where(
                GlossaryTerm.workspace_id == asset.workspace_id,
                or_(GlossaryTerm.course_id.is_(None), GlossaryTerm.course_id.in_(of_courses)),
            )
            .order_by(GlossaryTerm.key, GlossaryTerm.id)
        )
    )


def hotwords(session: Session, asset: Asset) -> str:
    """What a recogniser should expect: terms, tags, and the titles of where the asset is used."""
    words = [term.term for term in terms_for(session, asset)]
    tagged = (AssetTag.workspace_id == Tag.workspace_id) & (AssetTag.tag_id == Tag.id)
    words += session.scalars(
        select(Tag.name)
        .join(AssetTag, tagged)
        .where(AssetTag.workspace_id == asset.workspace_id, AssetTag.asset_id == asset.id)
        .order_by(Tag.key)
    )
    words += _titles(session, asset)
    kept: dict[str, str] = {}
    for word in words:
        kept.setdefault(fold(word), word)
    text = ""
    for word in kept.values():
        longer = f"{text}, {word}" if text else word
        if len(longer) <= MOST_HOTWORDS:
            text = longer
    return text


def _titles(session: Session, asset: Asset) -> list[str]:
    """Titles of lessons, chapters and courses that use the asset, the nearest first."""
    rows = session.execute(
        select(Lesson.title, Chapter.title, Course.title)
        .select_from(Usage)
        .join(Usage.course)
        .outerjoin(Usage.chapter)
        .outerjoin(Usage.lesson)
        .where(Usage.workspace_id == asset.workspace_id, Usage.asset_id == asset.id)
        .order_by(Usage.created_at, Usage.id)
    ).all()
    return [title for level in zip(*rows, strict=True) for title in level if title]


def _term(text: str) -> str:
    term = clean_text(text)
    if not term or len(term) > LONGEST_TERM:
        message = Message(
            "A term has from 1 to %(longest_term)s characters.", longest_term=LONGEST_TERM
        )
        raise Invalid(message, {"term": message})
    return term


def _spellings(text: str) -> list[str]:
    found = [clean_text(part) for part in text.split(",")]
    kept = list(dict.fromkeys(part for part in found if part))
    if len(kept) > MOST_SPELLINGS or any(len(part) > LONGEST_TERM for part in kept):
        message = Message(
            "At most %(most_spellings)s spellings of %(longest_term)s characters each.",
            most_spellings=MOST_SPELLINGS,
            longest_term=LONGEST_TERM,
        )
        raise Invalid(message, {"sounds_like": message})
    return kept
