"""A proposal is made once, decided once, undone where nobody changed it, and never made again."""

import importlib
import uuid
from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Conflict, Forbidden, Invalid, NotFound
from lectern.insight import captions, corrections, glossary
from lectern.insight.cues import Cue
from lectern.insight.editing import decisions, tracks
from lectern.library import trash
from lectern.models import Asset, Course, Proposal, Role, Version
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.proposals import accepting, proposals
from lectern.proposals.kinds import KINDS, Handler
from lectern.proposals.proposals import Filter, Subject, Suggestion
from tests.factories import make_asset, make_colleague, make_course

CUES = (Cue(0.0, 2.0, "We begin with use state."), Cue(2.0, 4.0, "Then usestate again."))


@pytest.fixture
def course(session: Session, owner: Principal) -> Course:
    return make_course(session, owner)


@pytest.fixture
def asset(session: Session, owner: Principal, course: Course) -> Asset:
    """A lecture of the course, with captions that a glossary would put right."""
    asset = make_asset(session, owner, language="en")
    usages.put(session, owner, Place(course.ref, None, None), [UsageSpec(asset.id)])
    tracks.save(session, owner, asset, version_of(session, asset), "en", CUES)
    return asset


@pytest.fixture
def two(session: Session, owner: Principal, course: Course, asset: Asset) -> list[Proposal]:
    """Both cues are to be corrected."""
    term = glossary.add(session, owner, course, "useState", "use state")
    corrections.refresh_course(session, course.id, term)
    return found(session, owner)


def version_of(session: Session, asset: Asset) -> Version:
    return session.get_one(Version, (asset.workspace_id, asset.current_version_id))


def found(session: Session, owner: Principal, **wanted: str) -> list[Proposal]:
    rows = proposals.list_all(session, owner, Filter(**wanted))  # type: ignore[arg-type]
    return sorted(rows, key=lambda row: row.payload.get("start", 0))


def texts(session: Session, asset: Asset) -> list[str]:
    shown = captions.find(session, version_of(session, asset), "en")
    assert shown is not None
    return [corrections.text_of(cue) for cue in shown.cues]


def test_each_kind_names_a_module_that_can_carry_it_out() -> None:
    checked: Handler = decisions
    assert KINDS["glossary"].handler is checked
    for name, kind in KINDS.items():
        module = importlib.import_module(kind.module)
        assert kind.name == name
        for function in ("check", "accept", "undo"):
            assert callable(getattr(module, function)), (name, function)


def test_a_glossary_proposes_with_the_words_and_their_second(
    two: list[Proposal], asset: Asset
) -> None:
    assert [row.payload["after"] for row in two] == [
        "We begin with useState.",
        "Then useState again.",
    ]
    (evidence,) = two[0].evidence
    assert evidence == {
        "asset": str(asset.id),
        "version": 1,
        "start": 0.0,
        "end": 2.0,
        "quote": "We begin with use state.",
    }
    assert (two[0].state, two[0].model, two[0].asset_id) == ("open", corrections.MODEL, asset.id)
    assert two[0].confidence < two[1].confidence <= 1


def test_accepting_corrects_the_captions_and_undo_puts_them_back(
    session: Session, owner: Principal, asset: Asset, two: list[Proposal]
) -> None:
    row = accepting.accept(session, owner, two[0].id)
    assert (row.state, row.decided_by) == ("accepted", owner.user_id)
    assert texts(session, asset) == ["We begin with useState.", "Then usestate again."]
    assert accepting.accept(session, owner, row.id).state == "accepted"
    assert [each.id for each in found(session, owner, state="open")] == [two[1].id]
    row = accepting.undo(session, owner, row.id)
    assert (row.state, row.decided_at, row.changes) == ("open", None, [])
    assert texts(session, asset) == [cue.text for cue in CUES]
    lines = audit_reading.history(session, owner, asset.id)
    actions = [line.action for line in lines if line.action.startswith("proposal.")]
    assert actions == ["proposal.undo", "proposal.accept"]


def test_an_edited_proposal_is_carried_out_as_edited(
    session: Session, owner: Principal, asset: Asset, two: list[Proposal]
) -> None:
    row = accepting.edit(session, owner, two[0].id, {"after": "We begin with useState()."})
    assert (row.state, row.edited and row.edited["after"]) == (
        "edited",
        "We begin with useState().",
    )
    assert row.payload["after"] == "We begin with useState."
    assert texts(session, asset)[0] == "We begin with useState()."
    same = accepting.edit(session, owner, two[1].id, dict(two[1].payload))
    assert (same.state, same.edited) == ("accepted", None)


@pytest.mark.parametrize(
    "payload",
    [{}, {"after": " "}, {"after": 7}, {"after": "x", "before": "y"}, {"after": "x" * 2001}],
)
def test_a_payload_that_the_kind_cannot_have_is_refused(
    session: Session, owner: Principal, two: list[Proposal], payload: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        accepting.edit(session, owner, two[0].id, payload)
    assert two[0].state == "open"


def test_a_refusal_is_not_proposed_again_for_the_same_content_and_model(
    session: Session, owner: Principal, asset: Asset, two: list[Proposal]
) -> None:
    row = accepting.refuse(session, owner, two[0].id, "  It is meant so. ")
    assert (row.state, row.reason) == ("refused", "It is meant so.")
    corrections.refresh(session, asset)
    assert [each.id for each in found(session, owner, state="open")] == [two[1].id]
    assert len(found(session, owner)) == 2
    shown = captions.find(session, version_of(session, asset), "en")
    assert shown is not None
    terms = glossary.terms_for(session, asset)
    left = corrections.undecided(session, asset, shown, terms)
    assert [each.index for each in left] == [1]
    # Another model, or the same words as other content, is another proposal.
    suggestion = Suggestion(row.payload, [*row.payload.values()], 0.5)
    about = (owner.workspace_id, "glossary", "another", Subject(asset.id))
    proposals.propose(session, *about, [suggestion])
    assert [each.model for each in found(session, owner, state="open")] == ["another"]


def test_a_decision_is_made_once(session: Session, owner: Principal, two: list[Proposal]) -> None:
    with pytest.raises(Conflict):
        accepting.undo(session, owner, two[0].id)
    accepting.refuse(session, owner, two[0].id)
    assert accepting.refuse(session, owner, two[0].id).state == "refused"
    for decide in (accepting.accept, lambda *of: accepting.edit(*of, {"after": "x"})):
        with pytest.raises(Conflict):
            decide(session, owner, two[0].id)
    assert accepting.undo(session, owner, two[0].id).state == "open"
    assert accepting.accept(session, owner, two[0].id).state == "accepted"


def test_what_somebody_changed_since_is_neither_corrected_nor_put_back(
    session: Session, owner: Principal, asset: Asset, two: list[Proposal]
) -> None:
    first, second = (row.id for row in two)
    accepting.accept(session, owner, first)
    mine = [Cue(0.0, 2.0, "We start."), Cue(2.0, 4.0, "Then usestate, twice.")]
    version = version_of(session, asset)
    with session.begin_nested() as undo:
        tracks.save(session, owner, asset, version, "en", mine, autosave=True)
        with pytest.raises(Conflict, match="Somebody changed this cue"):
            accepting.undo(session, owner, first)
        with pytest.raises(Conflict, match="Somebody changed this cue"):
            accepting.accept(session, owner, second)
        assert texts(session, asset) == [cue.text for cue in mine]
        undo.rollback()
    # A save that is a step of its own proposes anew at once.
    tracks.save(session, owner, asset, version, "en", mine)
    (fresh,) = found(session, owner, state="open")
    assert fresh.payload["after"] == "Then useState, twice."


def test_what_is_no_longer_proposed_goes_and_what_is_stays_the_same(
    session: Session, owner: Principal, course: Course, two: list[Proposal]
) -> None:
    (term,) = glossary.list_of(session, owner.workspace_id, course.id)
    glossary.remove(session, owner, term.id)
    corrections.refresh_course(session, course.id, term)
    assert found(session, owner) == []
    term = glossary.add(session, owner, course, "useState")
    corrections.refresh_course(session, course.id, term)
    (one,) = found(session, owner)
    assert one.payload["before"] == "Then usestate again."
    corrections.refresh_course(session, course.id, term)
    assert [row.id for row in found(session, owner)] == [one.id]


def test_several_corrections_in_one_step_are_accepted_proposals(
    session: Session, owner: Principal, asset: Asset, two: list[Proposal]
) -> None:
    version = version_of(session, asset)
    shown = captions.find(session, version, "en")
    assert shown is not None
    wanted = corrections.find(shown.cues, glossary.terms_for(session, asset))
    decisions.apply(session, owner, asset, version, "en", wanted, seen=shown.tag)
    assert texts(session, asset) == ["We begin with useState.", "Then useState again."]
    assert [row.state for row in found(session, owner)] == ["accepted", "accepted"]
    accepting.undo(session, owner, two[1].id)
    assert texts(session, asset) == ["We begin with useState.", "Then usestate again."]


def test_rights_are_those_of_the_subject(
    session: Session, owner: Principal, stranger: Principal, two: list[Proposal]
) -> None:
    contributor = make_colleague(session, owner, Role.CONTRIBUTOR)
    viewer = make_colleague(session, owner, Role.VIEWER)
    for who in (contributor, viewer):
        assert proposals.get(session, who, two[0].id).id == two[0].id
        for decide in (accepting.accept, accepting.refuse):
            with pytest.raises(Forbidden):
                decide(session, who, two[0].id)
    for work in (proposals.get, accepting.accept, accepting.refuse, accepting.undo):
        with pytest.raises(NotFound):
            work(session, stranger, two[0].id)  # type: ignore[operator]
    assert found(session, stranger) == []


def test_the_inbox_is_filtered_and_read_in_pages(
    session: Session, owner: Principal, course: Course, asset: Asset
) -> None:
    other = make_asset(session, owner)
    for number, about in enumerate((asset, other)):
        rows = [Suggestion({"n": n}, n, 0.5) for n in range(3)]
        subject = Subject(about.id)
        proposals.propose(session, owner.workspace_id, "glossary", f"m{number}", subject, rows)
    assert proposals.total(session, owner, Filter()) == 6
    assert proposals.total(session, owner, Filter(asset_id=asset.id)) == 3
    assert proposals.total(session, owner, Filter(course_id=course.id)) == 3
    assert proposals.total(session, owner, Filter(state="refused")) == 0
    seen: list[uuid.UUID] = []
    cursor = None
    while True:
        page = proposals.list_of(session, owner, Filter(), cursor, 4)
        seen += [row.id for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 6
    trash.trash(session, owner, other, days=30)
    assert proposals.total(session, owner, Filter()) == 3
    for wanted in (Filter(kind="x"), Filter(state="x")):
        with pytest.raises(Invalid):
            proposals.list_of(session, owner, wanted, None, 4)
    with pytest.raises(Invalid):
        proposals.list_of(session, owner, Filter(), "x", 4)


def test_a_proposal_about_a_course_goes_with_it(
    session: Session, owner: Principal, course: Course
) -> None:
    subject: Sequence[Suggestion] = [Suggestion({}, "only", 1.0)]
    proposals.propose(
        session, owner.workspace_id, "glossary", "m", Subject(None, course.id), subject
    )
    assert [row.course_id for row in found(session, owner)] == [course.id]
    session.delete(course)
    session.flush()
    assert session.scalars(select(Proposal.id)).all() == []
