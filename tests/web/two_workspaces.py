"""Two workspaces with one of everything, and people of every role to ask for it."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from lectern import bulk, duplicates
from lectern.bulk import Targets
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.exchange import runs
from lectern.exchange.imports import recording
from lectern.ingest import uploads
from lectern.ingest.uploads import NewUpload
from lectern.insight import glossary, slides
from lectern.insight.cues import Cue
from lectern.insight.editing import tracks
from lectern.insight.slides import Line, Shown
from lectern.library import trash
from lectern.models import Role, new_id
from lectern.people import sign_ins, tokens
from lectern.people.principal import Principal
from lectern.proposals import proposals
from lectern.proposals.proposals import Filter, Subject, Suggestion
from lectern.renditions import posters, renditions, storyboards
from lectern.search import Query, saved_searches, selections
from lectern.taxonomy import custom_fields, folders, tags
from tests.factories import make_asset, make_colleague, make_course, make_principal
from tests.web.conftest import Caller, current_version, stored_blob

Ids = dict[str, Any]
# What a request needs besides its path.
QUERY = {
    "picker.show": ("lesson_id", "lesson"),
    "picker.results": ("lesson_id", "lesson"),
    "tags.ask_change": ("tag_id", "tag"),
    "tags.ask_removal": ("tag_id", "tag"),
}
BODIES: dict[str, dict[str, Any]] = {
    "api.assets.roll_back": {"json": {"version": 1}},
    "api.captions.put": {"data": b""},
    "api.courses.put_usages": {"json": {"assets": []}},
    "api.exchange.start_import": {"data": b"", "content_type": "application/zip"},
    "exchange.receive": {"data": b"", "content_type": "application/zip"},
    "api.proposals.edit": {"json": {"payload": {"after": "Hullo."}}},
    "proposals.edit": {"data": {"payload.after": "Hullo."}},
    "api.uploads.append": {
        "data": b"",
        "content_type": "application/offset+octet-stream",
        "headers": {"Upload-Offset": "0"},
    },
    "lessons.add_usages": {"data": {"asset": str(uuid.UUID(int=7))}},
    "members.change_role": {"data": {"role": "viewer"}},
}


@dataclass
class World:
    """One workspace with one of everything; `ids` are what an address may name."""

    owner: Principal
    ids: Ids


@dataclass
class Site:
    """Two workspaces, and a caller of each role in the first, with things of their own."""

    session: Session
    home: World
    away: World
    callers: dict[Role, Caller] = field(default_factory=dict)
    own: dict[Role, Ids] = field(default_factory=dict)

    def ask(self, caller: Caller, rule: Rule, method: str, ids: Ids) -> TestResponse:
        """One request whose effects are undone."""
        values = {argument: value_of(rule, argument, ids) for argument in rule.arguments}
        path = rule.build(values, append_unknown=False)
        assert path is not None
        more = dict(BODIES.get(rule.endpoint, {}))
        if rule.endpoint in QUERY:
            wanted, parameter = QUERY[rule.endpoint]
            more["query_string"] = {parameter: str(ids[wanted])}
        undo = self.session.connection().begin_nested()
        try:
            return caller(method, path[1], **more)
        finally:
            undo.rollback()


def value_of(rule: Rule, argument: str, ids: Ids) -> Any:
    if argument == "part":
        # The first of the alternatives in the rule's text.
        return rule.rule.partition("any(")[2].partition(",")[0]
    return ids[argument]


def built(app: Flask, session: Session, folder: Path) -> Site:
    site = Site(session, world(app, session, folder), world(app, session, folder))
    for role in Role:
        principal = make_colleague(session, site.home.owner, role)
        signed_in = sign_ins.open_for(session, principal)
        client = app.test_client()
        client.set_cookie("lectern", signed_in.secret)
        site.callers[role] = Caller(client, {"X-CSRF-Token": signed_in.csrf}, principal)
        site.own[role] = {**site.home.ids, **personal(app, session, principal, folder)}
    session.commit()
    return site


def world(app: Flask, session: Session, folder: Path) -> World:
    owner = make_principal(session)
    course = make_course(session, owner)
    lesson = course.chapters[0].lessons[0]
    course.chapters[0].ref, lesson.ref = f"c-{course.ref}", f"l-{course.ref}"
    session.flush()
    kept, ended = make_asset(session, owner), make_asset(session, owner)
    place = Place(course.ref, None, lesson.ref)
    (past,) = usages.put(session, owner, place, [UsageSpec(ended.id)])
    past_id = past.id
    (usage,) = usages.put(session, owner, place, [UsageSpec(kept.id)])
    shelf = folders.ensure(session, owner, "Folder")
    assert shelf is not None
    ids = {
        "ref": course.ref,
        "chapter": course.chapters[0].ref,
        "lesson": lesson.ref,
        "course_id": course.id,
        "chapter_id": course.chapters[0].id,
        "lesson_id": lesson.id,
        "usage_id": usage.id,
        "past_id": past_id,
        "user_id": make_colleague(session, owner, Role.VIEWER).user_id,
        "number": 1,
        "rank": 1,
        "sheet": 0,
        "slide": 0,
        "page": 1,
        "name": "v360.mp4",
        "width": 480,
        "folder_id": shelf.id,
        "tag_id": tags.ensure(session, owner.workspace_id, ["tag"])[0],
        "batch_id": bulk.start(
            session,
            owner,
            "tag",
            {"tags": ["seen"]},
            Targets(ids=[kept.id]),
            settings=app.extensions["lectern.settings"],
        ).batch.id,
        "term_id": glossary.add(session, owner, course, "useState").id,
        "field_id": custom_fields.create(session, owner, {"label": "Term", "type": "text"}).id,
        **personal(app, session, owner, folder),
    }
    return World(owner, ids)


def personal(app: Flask, session: Session, who: Principal, folder: Path) -> Ids:
    """An asset, an upload and a token of somebody's own."""
    storage = app.extensions["lectern.storage"]
    blobs = [
        stored_blob(session, storage, who, f"{who.email} {number}".encode(), folder)
        for number in range(3)
    ]
    asset = make_asset(session, who, blob=blobs[0])
    version = current_version(session, asset)
    facts = {"mime": "video/mp4"}
    source = version.blob_id
    renditions.record(session, who.workspace_id, source, renditions.PLAYABLE, blobs[1], facts)
    for spec in ("hls/master.m3u8", "hls/v360.mp4", "mp4"):
        renditions.record(session, who.workspace_id, source, spec, blobs[1], facts)
    for spec in ("waveform.json", "image/480.avif", "pages/1.webp"):
        renditions.record(session, who.workspace_id, source, spec, blobs[1], {"height": 270})
    tiles = {"width": 240, "height": 135, "columns": 6, "rows": 6, "times": [0.0]}
    storyboards.record(session, version, [blobs[1]], tiles)
    lines = [[Line("Osmosis", 0.9, (0, 0, 1, 1))]]
    slides.record(session, version, "reader", [Shown(0.0, 1.0, 0)], lines, [blobs[1]])
    posters.record(session, version, [(blobs[2], {"mime": "image/jpeg"})])
    # Made for the member whatever the role is: a role may have changed since.
    maker = Principal.system(who.workspace_id, who.user_id)
    new = NewUpload("clip.mp4", 10)
    configured = app.extensions["lectern.settings"]
    upload = uploads.create(session, maker, new, settings=configured)
    # Of its own, so that an address with it finds nothing elsewhere.
    lang = f"en-x-{asset.id.hex[-8:]}"
    tracks.save(session, maker, asset, version, lang, [Cue(0.0, 2.0, "Hello.")])
    payload = {"language": lang, "start": 0.0, "before": "Hello.", "after": "Hallo."}
    proposals.propose(
        *(session, who.workspace_id, "glossary", "test", Subject(asset.id)),
        [Suggestion(payload, payload, 0.9)],
    )
    (proposal,) = proposals.list_all(session, maker, Filter(asset_id=asset.id))
    thrown_away = make_asset(session, who)
    trash.trash(session, maker, thrown_away, days=30)
    same = [make_asset(session, who, blob=blobs[1]) for _ in range(2)]
    merged = duplicates.merge(session, maker, same[0].id, [same[1].id], days=30)
    text = tokens.create(session, who, who.workspace_id, "mine", ["read"])
    chosen = selections.begin(session, maker, "library")
    made, _ = runs.start_export(session, maker)
    recording.end(session, recording.Key(who.workspace_id, made.id))
    archive = runs.path_of(configured, made.id)
    archive.parent.mkdir(exist_ok=True)
    archive.write_bytes(b"an archive")
    coming = runs.keep_import(session, maker, new_id(), "export.zip", 10, {})
    selections.add(session, maker, chosen, [asset.id])
    return {
        "asset_id": asset.id,
        "proposal_id": proposal.id,
        "trashed_id": thrown_away.id,
        "merge_id": merged.id,
        "export_id": made.id,
        "import_id": coming.id,
        "upload_id": upload.id,
        "lang": lang,
        "selection_id": chosen.id,
        "token_id": uuid.UUID(text.split("_")[1]),
        "saved_id": saved_searches.create(session, who, "Mine", Query(kind="video")).id,
    }
