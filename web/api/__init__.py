"""The JSON API under `/api/v1`, as contracts.md and `openapi.yaml` have it."""

from flask import Blueprint

from web.api import (
    assets,
    audit,
    bulk,
    captions,
    courses,
    docs,
    duplicates,
    exchange,
    matches,
    playback,
    proposals,
    schedules,
    similar,
    storage,
    trash,
    uploads,
)

bp = Blueprint("api", __name__)
first = (assets, audit, bulk, captions, courses, docs, duplicates, exchange)
for module in (*first, matches, playback, proposals, similar, storage, schedules, trash, uploads):
    bp.register_blueprint(module.bp)
