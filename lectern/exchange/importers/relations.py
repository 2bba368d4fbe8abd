"""Places in courses, by the refs of the system they come from: made where missing, never taken."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.courses import changed, places, terms, writing
from lectern.courses.places import Place, Spot
from lectern.courses.terms import UsageSpec
from lectern.errors import Invalid
from lectern.exchange.importers.cells import Use
from lectern.exchange.imports.recording import Item
from lectern.models import Asset, Chapter, Course, Lesson, Usage, new_id
from lectern.people.audit import Fact
from lectern.people.principal import Principal


class Relations:
    """The places of one file's lines. `items` and `facts` grow with what is made and changed.

    First `find`, which locks the courses, then the file's own rows, then `use`.
    """

    def __init__(self, session: Session, principal: Principal) -> None:
        self.items: list[Item] = []
        self.facts: list[Fact] = []
        self._session = session
        self._principal = principal
        self._home = principal.workspace_id
        self._spots: list[tuple[Use, Spot]] = []

    def find(self, uses: Sequence[Use]) -> None:
        """Find or make the places. What is there keeps its title and its order."""
        for use in sorted(uses, key=lambda item: (item.course, item.chapter or "")):
            spot = Spot(self._course(use))
            if use.chapter is not None:
                spot = Spot(spot.course, self._chapter(spot.course, use, use.chapter))
            if use.lesson is not None:
                spot = self._lesson(spot, use, use.lesson)
            self._spots.append((use, spot))

    def use(self, asset: Asset) -> None:
        """Let each place use the asset; a use that is there gets the line's times.

        Raises:
            Invalid: the times do not fit the file, or it is in the trash.
        """
        for use, spot in self._spots:
            here = self._session.scalars(
                select(Usage).where(spot.here).order_by(Usage.position, Usage.id)
            ).all()
            known = next(
                (usage for usage in here if (usage.asset_id, usage.slot) == (asset.id, use.slot)),
                None,
            )
            spec = UsageSpec(asset.id, use.slot, start_s=use.start_s, end_s=use.end_s)
            (term,) = _checked(self._session, spec, asset, known)
            if known is None:
                self._add(
                    spot, asset, term, 1 + max((usage.position for usage in here), default=-1)
                )
            elif use.start_s is not None or use.end_s is not None:
                self._change(spot, known, term)

    def _add(self, spot: Spot, asset: Asset, term: terms.Terms, position: int) -> None:
        usage = writing.new(self._session, self._principal, spot, asset.id, position, term)
        self._session.flush()
        self.items.append(Item("usages", usage.id))
        details = writing.given(term)
        self.facts.append(writing.about("usage.add", asset.id, usage.id, spot.titles, **details))
        self._touch(spot, asset)

    def _change(self, spot: Spot, usage: Usage, term: terms.Terms) -> None:
        wanted = {"start_s": term.start_s, "end_s": term.end_s}
        before = {name: getattr(usage, name) for name in wanted}
        if before == wanted:
            return
        usage.start_s, usage.end_s = term.start_s, term.end_s
        self._session.flush()
        self.items.append(Item("usages", usage.id, before, wanted))
        said = {name: {"before": before[name], "after": wanted[name]} for name in wanted}
        about = writing.about("usage.change", usage.asset_id, usage.id, spot.titles, changes=said)
        self.facts.append(about)
        self._touch(spot, usage.asset)

    def _touch(self, spot: Spot, asset: Asset) -> None:
        places.touch(spot.course)
        if spot.lesson is not None:
            spot.lesson.lock_version += 1
        self._session.flush()
        terms.forget_counts(self._session, [asset])
        changed.note(self._session, {asset.id})

    def _course(self, use: Use) -> Course:
        title = use.course_title or use.course
        made = self._session.scalar(
            insert(Course)
            .values(workspace_id=self._home, id=new_id(), ref=use.course, title=title)
            .on_conflict_do_nothing(index_elements=["workspace_id", "ref"])
            .returning(Course.id)
        )
        course = places.find(self._session, self._principal, Place(use.course), lock=True).course
        if made is not None:
            self._made("courses", course.id)
            details = {"ref": use.course, "title": title}
            self.facts.append(Fact("course.create", "course", course.id, details))
        return course

    def _chapter(self, course: Course, use: Use, ref: str) -> Chapter:
        mine = (Chapter.workspace_id == self._home, Chapter.course_id == course.id)
        found = self._session.scalar(select(Chapter).where(*mine, Chapter.ref == ref))
        if found is not None:
            return found
        last = self._session.scalar(select(func.max(Chapter.position)).where(*mine))
        chapter = Chapter(workspace_id=self._home, course_id=course.id, ref=ref)
        chapter.title, chapter.position = use.chapter_title or ref, _after(last)
        self._put(chapter)
        titles = {"course": course.title, "chapter": chapter.title}
        self._made("chapters", chapter.id)
        self.facts.append(Fact("chapter.add", "chapter", chapter.id, {"ref": ref, **titles}))
        return chapter

    def _lesson(self, above: Spot, use: Use, ref: str) -> Spot:
        course, chapter = above.course, above.the_chapter
        mine = (Lesson.workspace_id == self._home, Lesson.course_id == course.id)
        found = self._session.scalar(select(Lesson).where(*mine, Lesson.ref == ref))
        if found is not None:
            # Somebody may have moved it to another chapter here.
            at = self._session.get_one(Chapter, (self._home, found.chapter_id))
            return Spot(course, at, found)
        inside = (*mine, Lesson.chapter_id == chapter.id)
        last = self._session.scalar(select(func.max(Lesson.position)).where(*inside))
        lesson = Lesson(workspace_id=self._home, course_id=course.id, chapter_id=chapter.id)
        lesson.ref, lesson.title, lesson.position = ref, use.lesson_title or ref, _after(last)
        self._put(lesson)
        spot = Spot(course, chapter, lesson)
        self._made("lessons", lesson.id)
        self.facts.append(Fact("lesson.add", "lesson", lesson.id, {"ref": ref, **spot.titles}))
        return spot

    def _put(self, row: Chapter | Lesson) -> None:
        self._session.add(row)
        self._session.flush()
        self._session.refresh(row)

    def _made(self, file: str, row_id: uuid.UUID) -> None:
        self.items.append(Item(file, row_id))


def _after(last: int | None) -> int:
    return 0 if last is None else last + 1


def _checked(
    session: Session, spec: UsageSpec, asset: Asset, known: Usage | None
) -> Sequence[terms.Terms]:
    now = {(asset.id, spec.slot): known} if known is not None else {}
    try:
        return terms.check_all(session, [spec], {asset.id: asset}, now)
    except Invalid as problem:
        # Its own words count items; here there is one.
        raise Invalid(next(iter(problem.fields.values()), str(problem))) from problem
