"""The API's description: OpenAPI 3.1 for programs, a page for people."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from flask import Blueprint, Response, json, render_template
from flask.typing import ResponseReturnValue

from lectern.pipeline.registry import Step, Subject
from web.api.requests.parameters import filter_parameters
from web.auth import public

bp = Blueprint("docs", __name__)

SOURCE = Path(__file__).with_name("openapi.yaml")


def description() -> dict[str, Any]:
    """The OpenAPI document; what the code declares is filled in from there."""
    # The C parser: what the other leaves behind is 10 MiB of every process that was asked once.
    document: dict[str, Any] = yaml.load(SOURCE.read_bytes(), yaml.CSafeLoader)
    document["paths"]["/assets"]["get"]["parameters"] += filter_parameters()
    document["components"]["schemas"]["Step"]["enum"] = [
        str(step) for step in Step if step.rule.subject is not Subject.BATCH
    ]
    return document


@cache
def _document() -> bytes:
    # Only the text is kept: as objects it is 40 times as large.
    return json.dumps(description(), separators=(",", ":")).encode()


@bp.get("/api/v1/openapi.json")
@public
def openapi() -> ResponseReturnValue:
    """For programs."""
    return Response(_document(), mimetype="application/json")


@bp.get("/api/docs")
@public
def read() -> ResponseReturnValue:
    """For people."""
    return render_template("docs/api.html")
