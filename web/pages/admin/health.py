"""Is it alive, and is it ready: for supervisors and load balancers."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from sqlalchemy import text

from jobs import broker
from web.auth import public
from web.extensions import db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """PostgreSQL answers. Redis is named, but nothing needs it to be ready."""
    db.session().execute(text("SELECT 1"))
    try:
        redis = "ok" if broker.connection().ping() else "away"
    except RedisError:
        redis = "away"
    return {"status": "ok", "database": "ok", "redis": redis}
