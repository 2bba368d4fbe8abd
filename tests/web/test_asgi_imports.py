"""An archive larger than any form, sent to a real server: spooled, bounded, refused in words."""

import json
import os
from http.client import HTTPConnection
from pathlib import Path

from tests.web.site import Site, living

HEADERS = {"Content-Type": "application/zip"}


def send(site: Site, token: str, content: bytes, **headers: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    sent = {**HEADERS, "Authorization": f"Bearer {token}", **headers}
    connection.request("POST", "/api/v1/imports?dry_run=1", content, sent)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body)["detail"]


def test_an_archive_of_many_megabytes_is_taken_and_nothing_of_it_stays(tmp_path: Path) -> None:
    with living(tmp_path / "data") as site:
        owner, _ = site.person()
        token = site.token(owner)
        content = os.urandom(5 << 20)
        assert send(site, token, content) == (422, "This is not a ZIP archive, or it is damaged.")
        # Announced as anything else it is a request like others.
        status, _ = send(site, token, content, **{"Content-Type": "application/json"})
        assert status == 413
        assert [file for file in (tmp_path / "data" / "exchange").iterdir()] == []
