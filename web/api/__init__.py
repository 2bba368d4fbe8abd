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
    storage,
    uploads,
)

bp = Blueprint("api", __name__)
MODULES = (
    *(assets, audit, bulk, captions, courses, docs, duplicates, exchange),
    *(matches, playback, proposals, storage, schedules, uploads),
)
for module in MODULES:
    bp.register_blueprint(module.bp)
for blueprint in (assets.trash_bp, duplicates.near_bp):
    bp.register_blueprint(blueprint)
