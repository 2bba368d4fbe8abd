"""The API's description: valid, complete, and true of real answers."""

import base64
import re
import uuid
from functools import cache
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.library import trash
from lectern.models import Asset
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step, Subject
from lectern.renditions import renditions
from lectern.taxonomy import folders, tags
from tests.factories import add_version, make_asset, make_blob, make_course
from tests.web.conftest import Caller, current_version
from web.api import docs

# The process keeps only its text; here it is asked for hundreds of times.
description = cache(docs.description)

PREFIX = "/api/v1"
METHODS = ("get", "put", "post", "patch", "delete", "head", "options")
BODY = "application/offset+octet-stream"


def test_the_description_is_valid() -> None:
    validate(description())


def documented() -> set[tuple[str, str]]:
    return {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, item in description()["paths"].items()
        for method in item
        if method in METHODS
    }


def test_it_names_every_route_and_no_other(application: Flask) -> None:
    real = set()
    for rule in application.url_map.iter_rules():
        if rule.rule.startswith(f"{PREFIX}/"):
            path = re.sub(r"<[^>]+>", "{}", rule.rule.removeprefix(PREFIX))
            # What Flask adds to every route by itself is not worth a line.
            own = {"OPTIONS"} if rule.endpoint == "api.uploads.describe" else set()
            own |= {"HEAD"} if rule.endpoint == "api.uploads.head" else set()
            methods = (rule.methods or set()) - ({"HEAD", "OPTIONS"} - own)
            real |= {(method, path) for method in methods}
    assert documented() == real


def test_operations_have_names_of_their_own_and_parameters_for_their_paths() -> None:
    names = []
    for path, item in description()["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            names.append(item[method]["operationId"])
            said = [*item.get("parameters", []), *item[method].get("parameters", [])]
            in_path = {each["name"] for each in map(follow, said) if follow(each)["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path)), path
            assert item[method]["tags"][0] in {tag["name"] for tag in description()["tags"]}
    assert len(names) == len(set(names))


def follow(thing: Any) -> Any:
    while "$ref" in thing:
        at: Any = description()
        for step in thing["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        thing = at
    return thing


def check(reply: Any, method: str, path: str) -> None:
    """The answer is one that the description foretells, its body included."""
    said = description()["paths"][path][method.lower()]["responses"]
    answer = follow(said.get(str(reply.status_code)) or said["default"])
    content = answer.get("content", {})
    if not content:
        assert reply.data == b""
        return
    schema = content[reply.mimetype]["schema"]
    document = {**description(), **schema}
    Draft202012Validator(strict(document), format_checker=FormatChecker()).validate(reply.json)


def strict(schema: Any) -> Any:
    """The same, with no member allowed that is not described."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema and not paged(schema):
        inner.setdefault("additionalProperties", False)
    return inner


def paged(schema: Any) -> bool:
    """A list's frame, which is put together from two parts."""
    return {"items", "past", "assets"} & schema["properties"].keys() != set()


@pytest.fixture
def asset(session: Session, api: Caller) -> Asset:
    """An asset with everything an asset can have."""
    asset = make_asset(session, api.who, language="de", custom={"a": [1]})
    tags.put(session, asset, ["exam"])
    folder = folders.ensure(session, api.who, "A/B")
    asset.folder_id = folder.id if folder else None
    add_version(session, asset)
    still = make_blob(session, asset.workspace_id)
    source = current_version(session, asset).blob_id
    renditions.record(session, asset.workspace_id, source, "poster.1", still, {"at_s": 1.0})
    asset.poster_blob_id = still.id
    tasks.add(
        session,
        asset.workspace_id,
        Step.POSTER,
        version_id=asset.current_version_id,
        asset_id=asset.id,
    )
    course = make_course(session, api.who, ref="bio")
    for place in (Place(course.ref), Place(course.ref, "c0"), Place(course.ref, None, "l0")):
        usages.put(session, api.who, place, [UsageSpec(asset.id, policy="pin", start_s=1.0)])
    usages.put(session, api.who, Place(course.ref), [])
    session.commit()
    return asset


@pytest.mark.parametrize(
    "path",
    [
        "/assets",
        "/assets/{id}",
        "/assets/{id}/versions",
        "/assets/{id}/usages",
        "/assets/{id}/history",
        "/assets/{id}/renditions",
        "/uploads",
        "/courses",
        "/courses/{ref}",
        "/courses/{ref}/usages",
        "/courses/{ref}/chapters/{chapter}/usages",
        "/courses/{ref}/lessons/{lesson}/usages",
        "/audit",
        "/audit/verify",
        "/openapi.json",
    ],
)
def test_what_is_read_is_as_described(api: Caller, asset: Asset, path: str) -> None:
    values = {"id": asset.id, "ref": "bio", "chapter": "c0", "lesson": "l0"}
    for query in ("", "?total=1"):
        reply = api.get(PREFIX + path.format(**values) + query)
        assert reply.status_code == 200
        check(reply, "GET", path)


def test_what_is_changed_answers_as_described(session: Session, api: Caller, asset: Asset) -> None:
    one, place = f"{PREFIX}/assets/{asset.id}", f"{PREFIX}/courses/bio"
    check(api.patch(one, json={"name": "New"}), "PATCH", "/assets/{id}")
    check(api.patch(one, json={"name": ""}), "PATCH", "/assets/{id}")
    used = api.delete(one)
    assert used.status_code == 409
    check(used, "DELETE", "/assets/{id}")
    course = api.get(place).json
    check(api.put(place, json=course), "PUT", "/courses/{ref}")
    made = api.put(f"{PREFIX}/courses/new", json={"title": "New"})
    assert made.status_code == 201
    check(made, "PUT", "/courses/{ref}")
    for path in ("", "/chapters/c0", "/lessons/l0"):
        documented = {
            "": "",
            "/chapters/c0": "/chapters/{chapter}",
            "/lessons/l0": "/lessons/{lesson}",
        }
        body = {"assets": [{"id": str(asset.id)}]}
        check(
            api.put(f"{place}{path}/usages", json=body),
            "PUT",
            f"/courses/{{ref}}{documented[path]}/usages",
        )
        check(
            api.put(f"{place}{path}/usages", json={"assets": []}),
            "PUT",
            f"/courses/{{ref}}{documented[path]}/usages",
        )
    check(api.delete(one), "DELETE", "/assets/{id}")
    check(api.post(f"{one}/restore"), "POST", "/assets/{id}/restore")
    check(api.get(f"{PREFIX}/assets/{uuid.uuid4()}"), "GET", "/assets/{id}")
    trash.trash(session, api.who, asset, days=1)
    session.commit()
    check(api.get(f"{PREFIX}/assets?trashed=1"), "GET", "/assets")


def test_an_upload_answers_as_described(api: Caller, asset: Asset, visitor: FlaskClient) -> None:
    body = {"digest": asset.digest, "size": asset.byte_size}
    check(api.post(f"{PREFIX}/uploads/check", json=body), "POST", "/uploads/check")
    check(visitor.options(f"{PREFIX}/uploads"), "OPTIONS", "/uploads")
    name = base64.b64encode(b"clip.mp4").decode()
    headers = {"Upload-Length": "5", "Upload-Metadata": f"filename {name}"}
    made = api.post(f"{PREFIX}/uploads", headers=headers)
    check(made, "POST", "/uploads")
    location, path = made.headers["Location"], "/uploads/{id}"
    check(api.get(f"{PREFIX}/uploads"), "GET", "/uploads")
    check(visitor.options(location), "OPTIONS", path)
    check(api.head(location), "HEAD", path)

    def send(offset: str, **more: str) -> Any:
        headers = {"Upload-Offset": offset, **more}
        return api.patch(location, data=b"abc", content_type=BODY, headers=headers)

    check(send("0"), "PATCH", path)
    assert api.get(location).json["offset"] == 3  # type: ignore[index]
    check(api.get(location), "GET", path)
    check(api.delete(location), "DELETE", path)
    check(api.get(location), "GET", path)


def test_the_page_draws_the_document_that_is_served(visitor: FlaskClient) -> None:
    """What is drawn of it: `tests/flows/test_api_docs.py`."""
    page = visitor.get("/api/docs").get_data(as_text=True)
    assert page.count('href="/api/v1/openapi.json"') == 1
    assert 'data-url="/api/v1/openapi.json"' in page
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        with visitor.get(address) as reply:
            assert reply.status_code == 200
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_no_description_was_cut_by_a_comma() -> None:
    def empty(thing: Any) -> list[Any]:
        if isinstance(thing, dict):
            return [key for key, value in thing.items() if value is None] + [
                found for value in thing.values() for found in empty(value)
            ]
        if isinstance(thing, list):
            return [found for value in thing for found in empty(value)]
        return []

    assert empty(description()) == []


def test_the_served_document_is_the_one_in_the_checkout(visitor: FlaskClient) -> None:
    assert visitor.get(f"{PREFIX}/openapi.json").json == description()


def test_the_description_names_every_step_of_a_file() -> None:
    known = description()["components"]["schemas"]["Step"]["enum"]
    assert known == [step for step in Step if step.rule.subject is not Subject.BATCH]
    assert {"poster", "hls_part"} < set(known)
