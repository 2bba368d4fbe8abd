"""Copies and merges as their templates need them."""

from functools import cached_property

from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from lectern import duplicates
from lectern.duplicates import Plan
from lectern.duplicates.exact import Group
from lectern.models import Asset, Merge
from lectern.people.principal import Principal
from lectern.people.rights import Action, can


class GroupView:
    """One group for one reader."""

    def __init__(self, principal: Principal, group: Group) -> None:
        self.group = group
        self._principal = principal

    @property
    def may_merge(self) -> bool:
        """Whether there is something to merge that the reader may edit and trash."""
        who = self._principal
        assets = [copy.asset for copy in self.group.copies]
        allowed = [can(who, Action.EDIT, each) and can(who, Action.TRASH, each) for each in assets]
        return len(assets) > 1 and all(allowed)

    @property
    def name(self) -> str:
        """What the group is called: by the copy that would stay."""
        return self.group.copies[0].card.name if self.group.copies else ""


class Offer:
    """What a merge would do, sentence by sentence."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @property
    def title(self) -> str:
        """The question."""
        number, name = len(self.plan.merged), self.plan.target.name
        title = ngettext(
            "Merge one file into “%(name)s”?",
            "Merge %(num)d files into “%(name)s”?",
            number,
            name=name,
        )
        return str(title)

    @property
    def does(self) -> list[str]:
        """What happens."""
        return [each for each in (*self._uses, *self._gets, *self._leaves) if each]

    @property
    def _uses(self) -> list[str]:
        plan = self.plan
        moves = ngettext(
            "%(num)d place will show this file instead. Its title, text, clip and "
            "version are kept.",
            "%(num)d places will show this file instead. Their titles, texts, clips and "
            "versions are kept.",
            len(plan.moves),
        )
        both = ngettext(
            "%(num)d place uses both and will keep one of them.",
            "%(num)d places use both and will keep one of them.",
            len(plan.ends),
        )
        if not plan.moves and not plan.ends:
            return [gettext("No lesson uses the others, so no lesson changes.")]
        return [str(moves) if plan.moves else "", str(both) if plan.ends else ""]

    @property
    def _gets(self) -> list[str]:
        plan, said = self.plan, []
        if plan.tags:
            said.append(gettext("Tags added: %(tags)s.", tags=", ".join(plan.tags)))
        names = {
            "description": gettext("description"),
            "language": gettext("language"),
            "licence": gettext("license"),
        }
        fields = [*(str(names[each]) for each in plan.fields), *plan.custom]
        if fields:
            words = gettext("Empty fields filled in: %(fields)s.", fields=", ".join(fields))
            said.append(words)
        if plan.notes:
            words = ngettext(
                "%(num)d version note is added.",
                "%(num)d version notes are added.",
                len(plan.notes),
            )
            said.append(words)
        if plan.captions:
            words = gettext(
                "Captions added in: %(languages)s.",
                languages=", ".join(track.language for track in plan.captions),
            )
            said.append(words)
        return [str(each) for each in said]

    @property
    def _leaves(self) -> list[str]:
        older = ngettext(
            "%(num)d older version goes to the trash with its file.",
            "%(num)d older versions go to the trash with their files.",
            self.plan.versions,
        )
        return [str(older) if self.plan.versions else ""]


class MergePage:
    """One merge for one reader."""

    def __init__(self, session: Session, principal: Principal, merge: Merge) -> None:
        self._session, self._principal, self.merge = session, principal, merge

    @cached_property
    def kept(self) -> Asset | None:
        """The file that stayed; None when it has been deleted for good."""
        return self._session.get(Asset, (self.merge.workspace_id, self.merge.kept_id))

    @cached_property
    def may_undo(self) -> bool:
        """Whether to offer an undo."""
        return duplicates.can_undo(self._session, self._principal, self.merge)

    @property
    def by(self) -> str:
        """Who did it."""
        creator = self.merge.creator
        return creator.name or creator.email if creator else gettext("Lectern")

    @property
    def moved(self) -> int:
        """In how many places the kept file took another's place."""
        return sum(len(part.moved) for part in self.merge.merged)

    @property
    def fields(self) -> list[str]:
        """What the kept file took over."""
        return [*self.merge.done.get("fields", {}), *self.merge.done.get("custom", {})]
