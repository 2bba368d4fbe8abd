"""Whom the people of an export are here. An import grants nothing: it makes no member."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern import text
from lectern.database.scope import scoped
from lectern.errors import Invalid
from lectern.exchange.imports.checks import Refused
from lectern.models import Member, User
from lectern.people.principal import Principal


def match(
    session: Session,
    principal: Principal,
    people: Sequence[dict[str, Any]],
    *,
    everybody: bool,
) -> dict[uuid.UUID, uuid.UUID]:
    """The account of each, by e-mail; who is missing from the answer is nobody here.

    Without `everybody` only members are looked at, or an owner could learn who else has an
    account; with it, those who have none get one without a password.
    """
    emails = [each["email"] for each in people]
    query = select(User.email, User.id).where(User.email.in_(emails))
    if not everybody:
        mine = scoped(Member, principal, Member.user_id)
        query = query.where(User.id.in_(mine))
    known = {email: user_id for email, user_id in session.execute(query)}
    if everybody:
        lacking = [each for each in people if each["email"] not in known]
        known |= {each["email"]: _create(session, each) for each in lacking}
    return {each["id"]: known[each["email"]] for each in people if each["email"] in known}


def _create(session: Session, each: dict[str, Any]) -> uuid.UUID:
    try:
        email, name = text.email(each["email"]), text.line(each["name"], "name", longest=80)
    except Invalid as error:
        raise Refused(
            "people.jsonl: %(each)s cannot be an account: %(error)s",
            each=repr(each["email"][:80]),
            error=error,
        ) from error
    taken = session.get(User, each["id"]) is not None
    user = User(email=email, name=name, **({} if taken else {"id": each["id"]}))
    session.add(user)
    session.flush()
    return user.id
