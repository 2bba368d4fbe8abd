"""Asking again who somebody is, before what cannot be undone."""

from sqlalchemy.orm import Session

from lectern.models import User
from lectern.people import passwords, rate_limits
from lectern.people.principal import Principal


def confirmed(session: Session, principal: Principal, password: str) -> bool:
    """Whether it is the password of the person who is signed in.

    A wrong one is counted as at a sign-in, so the caller commits in that case too.

    Raises:
        RateLimited: too many wrong ones; or the process is busy hashing.
    """
    user = session.get(User, principal.user_id) if principal.user_id else None
    if user is None:
        return False
    account = rate_limits.account_key(user.email)
    rate_limits.check(session, account, *rate_limits.PER_ACCOUNT)
    right = passwords.verify(user.password_hash, password)
    if not right:
        rate_limits.count(session, account)
    return right
