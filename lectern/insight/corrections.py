"""What a glossary would put right in captions: found, and kept as proposals of the file."""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.insight import captions, glossary
from lectern.insight.captions import Captions
from lectern.insight.cues import Cue, wrap
from lectern.models import Asset, GlossaryTerm, Proposal, Said, Usage, Version
from lectern.proposals import proposals
from lectern.proposals.proposals import Subject, Suggestion
from lectern.search.syntax.folding import fold

KIND = "glossary"
# The rules are those of people; a change of how they are applied would be another model.
MODEL = "glossary-rules/1"
# How often a correction is right: another case of a term nearly always is, while a spelling that
# somebody expects instead may be meant as it stands.
OF_CASE, OF_SPELLING = 0.98, 0.9
# One change of a glossary reads the captions of so many files at most, the newest uses first.
MOST_FILES = 200


@dataclass(frozen=True)
class Correction:
    """A cue, by its index from 0, as it is and as the glossary would have it."""

    index: int
    start_s: float
    end_s: float
    before: str
    after: str


def find(cues: Sequence[Cue], terms: Iterable[GlossaryTerm]) -> list[Correction]:
    """Where the glossary would have it otherwise; nothing is changed.

    A term in another case is put right, and what is written for it when it is misheard.
    """
    rules = [_rule(term) for term in terms]
    corrections = []
    for index, cue in enumerate(cues):
        before = text_of(cue)
        after = before
        for pattern, term in rules:
            after = pattern.sub(lambda match, term=term: term, after)  # type: ignore[misc]
        if after != before:
            corrections.append(Correction(index, cue.start_s, cue.end_s, before, after))
    return corrections


def corrected(cues: Sequence[Cue], wanted: Iterable[Correction]) -> list[Cue]:
    """The cues with these corrections made."""
    changed = list(cues)
    for correction in wanted:
        changed[correction.index] = with_text(changed[correction.index], correction.after)
    return changed


def text_of(cue: Cue) -> str:
    """The text of a cue on one line."""
    return cue.text.replace("\n", " ")


def with_text(cue: Cue, text: str) -> Cue:
    """The cue with another text, in lines that read well."""
    return replace(cue, text=wrap(text) or text)


def undecided(
    session: Session, asset: Asset, shown: Captions, terms: Sequence[GlossaryTerm]
) -> list[Correction]:
    """The corrections of these captions that nobody refused."""
    return undecided_in(session, asset, [shown], terms)[shown.language]


def undecided_in(
    session: Session, asset: Asset, shown: Sequence[Captions], terms: Sequence[GlossaryTerm]
) -> dict[str, list[Correction]]:
    """The same of captions in several languages, by language."""
    proposed = {item.language: find(item.cues, terms) if terms else [] for item in shown}
    if not any(proposed.values()):
        return proposed
    refused = proposals.refused(session, asset.workspace_id, KIND, Subject(asset.id))
    known = {
        (suggestion["language"], suggestion["start"], suggestion["before"], suggestion["after"])
        for suggestion in refused
    }
    return {
        language: [item for item in corrections if _identity(language, item) not in known]
        for language, corrections in proposed.items()
    }


def refresh(session: Session, asset: Asset) -> None:
    """Propose what the glossaries now correct in the captions of the asset's current version."""
    version = session.get(Version, (asset.workspace_id, asset.current_version_id))
    terms = glossary.terms_for(session, asset)
    rows: list[Suggestion] = []
    if version is not None and terms:
        for shown in captions.list_of(session, version):
            corrections = find(shown.cues, terms)
            rows += [_suggestion(version, shown.language, correction) for correction in corrections]
    proposals.propose(session, asset.workspace_id, KIND, MODEL, Subject(asset.id), rows)


def refresh_of(session: Session, version: Version) -> None:
    """The same, when the captions of a version were made."""
    refresh(session, session.get_one(Asset, (version.workspace_id, version.asset_id)))


def refresh_course(session: Session, course_id: uuid.UUID, term: GlossaryTerm) -> None:
    """The same for the files of a course in which a term, or what is written for it, is said.

    Files with open corrections are among them, for a term that was removed.
    """
    spellings = [fold(spelling) for spelling in (term.term, *map(str, term.sounds_like))]
    spoken = (
        select(Said.asset_id)
        .where(
            Said.workspace_id == Usage.workspace_id,
            Said.asset_id == Usage.asset_id,
            Said.kind == "said",
            or_(*(Said.folded.contains(spelling, autoescape=True) for spelling in spellings)),
        )
        .exists()
    )
    proposed = (
        select(Proposal.id)
        .where(
            Proposal.workspace_id == Usage.workspace_id,
            Proposal.asset_id == Usage.asset_id,
            Proposal.kind == KIND,
            Proposal.state == proposals.OPEN,
        )
        .exists()
    )
    used = scoped(Usage, term, Usage.asset_id).where(
        Usage.course_id == course_id, spoken | proposed
    )
    assets = scoped(Asset, term).where(Asset.id.in_(used))
    for asset in session.scalars(assets.order_by(Asset.id.desc()).limit(MOST_FILES)).all():
        refresh(session, asset)


def _identity(language: str, correction: Correction) -> tuple[str, float, str, str]:
    return language, correction.start_s, correction.before, correction.after


def _suggestion(version: Version, language: str, correction: Correction) -> Suggestion:
    payload = {
        "language": language,
        "start": correction.start_s,
        "before": correction.before,
        "after": correction.after,
    }
    evidence = {
        "asset": str(version.asset_id),
        "version": version.number,
        "start": correction.start_s,
        "end": correction.end_s,
        "quote": correction.before,
    }
    same = correction.before.casefold() == correction.after.casefold()
    confidence = OF_CASE if same else OF_SPELLING
    return Suggestion(payload, _identity(language, correction), confidence, [evidence])


def _rule(term: GlossaryTerm) -> tuple[re.Pattern[str], str]:
    spellings = sorted([term.term, *map(str, term.sounds_like)], key=len, reverse=True)
    either = "|".join(r"\s+".join(map(re.escape, spelling.split())) for spelling in spellings)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE), term.term
