"""Every file of the corpus through the real upload: accepted as what it is, or refused in words."""

import csv
import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.api import Api
from tests.flows.conftest import CHECKOUT

# What a refusal must never show.
RAW = re.compile(r"Traceback|Error\(|errno|/tmp/|/var/|0x[0-9a-f]{6}|\[\w+ @ ", re.IGNORECASE)
KINDS = {"video": "video", "audio": "audio", "image": "image", "document": "document"}
# Tables and JSON are read by `import`, not uploaded as media; captions get their own home later.
OTHER_DOORS = {"import", "names"}


@pytest.fixture(scope="session")
def corpus(assets_dir: Path) -> Path:
    return assets_dir / "media" / "corpus"


def rows() -> list[dict[str, str]]:
    """The manifest, found without a fixture so that every file is a test of its own."""
    assets = Path(os.environ.get("LECTERN_TEST_ASSETS", CHECKOUT.parent / "shared"))
    here = assets / "media" / "corpus" / "MANIFEST.csv"
    if not here.is_file():
        return []
    with here.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# Of what is simply accepted one in so many is sent every time, all of it by `--full`: each of them
# is worked on for seconds. What opening each of them finds is judged every time, in
# tests/lectern/media/test_corpus.py; here it is only the way through the servers that is added.
ONE_IN = 8
CORPUS_TEST = "test_the_corpus_gets_what_it_should"
TWINS = ("video/awesome_movie.mov", "video/awesome_movie_2.mov")
ROWS = rows()
pytestmark = pytest.mark.skipif(not ROWS, reason="The test assets' corpus is not here.")


@pytest.fixture(scope="module")
def listener() -> Iterator[list[str]]:
    """Who connects to the address that the hostile files name."""
    seen: list[str] = []
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", 9))
        except OSError:
            pytest.skip("Port 9 is not ours to listen on here.")
        door.listen()

        def accept() -> None:
            while True:
                try:
                    seen.append(str(door.accept()[1]))
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield seen
        door.shutdown(socket.SHUT_RDWR)


def later() -> set[str]:
    """The files that have to wait for `--full`."""
    plain = [
        row["file"]
        for row in ROWS
        if row["kind"] in {"video", "audio"} and row["expect"].startswith("accept as")
    ]
    return {*plain} - {*plain[::ONE_IN], *TWINS}


LATER = later()
CASES = [
    pytest.param(row, id=row["file"], marks=pytest.mark.full if row["file"] in LATER else ())
    for row in ROWS
]


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, api: Api, corpus: Path, listener: list[str]
) -> dict[str, dict[str, object]]:
    """Every chosen file sent, then every end awaited: the upload, and its asset if it has one."""
    chosen = [
        str(item.callspec.params["row"]["file"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == CORPUS_TEST
    ]
    files = dict.fromkeys((*chosen, *TWINS))
    sent = {name: api.send(Path(name).name, (corpus / name).read_bytes()) for name in files}
    ended = {}
    for name, upload_id in sent.items():
        upload = api.wait_for_upload(upload_id)
        asset = api.wait_for_asset(upload["asset"]) if upload["asset"] else None
        ended[name] = {"upload": upload, "asset": asset}
    return ended


def may_be_refused(row: dict[str, str]) -> bool:
    expect = row["expect"].lower()
    return row["kind"] in OTHER_DOORS or bool(
        re.match("reject", expect) or re.search(r"\b(or|else|,) reject|neutralise or", expect)
    )


def may_be_accepted(row: dict[str, str]) -> bool:
    words = "accept|neutralise|process with bounded|or repair|report as duplicate"
    return bool(re.search(words, row["expect"].lower()))


def kind_of(row: dict[str, str]) -> str:
    """What an accepted file is: what the sentence says, else where the corpus keeps it."""
    said = re.search(
        r"as (?:portrait )?(?:HDR10 AV1 )?(video|audio|image|document)",
        row["expect"],
        re.IGNORECASE,
    )
    if said:
        return said[1].lower()
    if row["kind"] == "subtitle" or row["file"].endswith(".pdf"):
        return "document"
    return KINDS.get(row["kind"], "video" if row["codecs"].startswith("v:") else "image")


@pytest.mark.parametrize("row", CASES)
def test_the_corpus_gets_what_it_should(
    row: dict[str, str], outcomes: dict[str, dict[str, dict[str, object]]]
) -> None:
    upload, asset = outcomes[row["file"]]["upload"], outcomes[row["file"]]["asset"]
    if asset is None:
        assert upload["state"] == "refused", upload
        assert may_be_refused(row), upload["reason"]
        reason = str(upload["reason"])
        assert len(reason) > 20
        assert reason.endswith((".", ")"))
        assert not RAW.search(reason)
        return
    assert may_be_accepted(row), "it should have been refused"
    assert asset["state"] == "ready", asset["tasks"]
    assert asset["kind"] == kind_of(row)
    if row["duration_s"] and "bogus" not in row["file"] and "truncated" not in row["file"]:
        assert asset["duration"] is None or float(str(asset["duration"])) < 3600


def test_nothing_was_read_or_fetched_from_outside(
    listener: list[str], outcomes: dict[str, dict[str, object]], api: Api
) -> None:
    assert listener == []
    host = Path("/etc/hostname")
    name = host.read_text().strip() if host.is_file() else ""
    if len(name) > 4:
        assert name not in json.dumps(outcomes)


def test_equal_files_are_one_asset(outcomes: dict[str, dict[str, dict[str, object]]]) -> None:
    first, second = (outcomes[name]["upload"] for name in TWINS)
    assert first["asset"] == second["asset"]
    assert second["duplicate_of"] == first["asset"]


def test_every_shown_name_is_safe(api: Api, corpus: Path) -> None:
    content = (corpus / "image" / "png-interlaced.png").read_bytes()
    named = json.loads((corpus / "names" / "names.json").read_text("utf-8"))["names"]
    for entry in named:
        name = entry["name"]
        upload = api.wait_for_upload(api.send(name, content, on_duplicate="keep"))
        assert upload["state"] == "done", (name, upload)
        shown = api.call("GET", f"/assets/{upload['asset']}").json["name"]
        assert shown
        assert len(shown) <= 200
        assert not re.search(r"[\x00-\x1f/\\\u202e]", shown)
