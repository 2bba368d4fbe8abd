"""A small client of the API, to arrange what a journey needs and to see what became of it."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIECE = 8 << 20
PATIENCE_S = 90.0


@dataclass(frozen=True)
class Reply:
    """A response, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Api:
    """Calls with one bearer token; `base` is the server's address."""

    base: str
    token: str

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request below `/api/v1`, or to an absolute path."""
        address = self.base + (path if path.startswith(("/m/", "/api/")) else f"/api/v1{path}")
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        data = body if isinstance(body, bytes) else None
        if data is None and body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(address, data, sent, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
                return Reply(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())

    def send(self, name: str, content: bytes, **metadata: str) -> str:
        """Upload by tus; returns the upload's id."""
        said = {"filename": name, **metadata}
        pairs = ",".join(
            f"{key} {base64.b64encode(value.encode('utf-8', 'surrogateescape')).decode()}"
            for key, value in said.items()
        )
        tus = {"Tus-Resumable": "1.0.0"}
        made = self.call(
            "POST",
            "/uploads",
            headers={**tus, "Upload-Length": str(len(content)), "Upload-Metadata": pairs},
        )
        assert made.status == 201, made.body
        location = made.headers["Location"]
        for offset in range(0, len(content), PIECE):
            sent = self.call(
                "PATCH",
                location,
                content[offset : offset + PIECE],
                {
                    **tus,
                    "Upload-Offset": str(offset),
                    "Content-Type": "application/offset+octet-stream",
                },
            )
            assert sent.status == 204, sent.body
        return location.rsplit("/", 1)[-1]

    def wait_for_upload(self, upload_id: str) -> dict[str, Any]:
        """The upload once it has ended."""
        return self.wait_until(
            f"/uploads/{upload_id}",
            lambda upload: upload["state"] not in {"receiving", "checking"},
        )

    def wait_for_asset(self, asset_id: str) -> dict[str, Any]:
        """The asset once it is ready or has failed."""
        return self.wait_until(f"/assets/{asset_id}", lambda asset: asset["state"] != "processing")

    def add(self, file: Path, **metadata: str) -> dict[str, Any]:
        """A file in the library, ready."""
        upload = self.wait_for_upload(self.send(file.name, file.read_bytes(), **metadata))
        assert upload["state"] == "done", upload
        return self.wait_for_asset(upload["asset"])

    def wait_until(self, path: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What `path` answers, as soon as it is as it should be.

        However long it takes, as long as it goes on: it fails when the answer stays the same.
        """
        before: dict[str, Any] = {}
        while True:
            answer: dict[str, Any] = self.call("GET", path).json
            if done(answer):
                return answer
            if answer != before:
                before, deadline = answer, time.monotonic() + PATIENCE_S
            assert time.monotonic() < deadline, f"still not so: {answer}"
            time.sleep(0.1)
