"""The B2 native API over HTTP, in memory, with faults on demand; written after its documentation.

Only what the SDK asks of it for us. Sizes are small so that a few hundred kilobytes are a "large"
file. Nothing here imports the SDK, so a misunderstanding is not shared with it.
"""

import base64
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

KEY_ID, KEY = "key-id", "application-key"
BUCKET = "lectern-test"
PART_BYTES = 100_000
HEADER_SHA1 = "hex_digits_at_end"


@dataclass
class Version:
    """One version of one name. `parts` is filled until a large file is finished."""

    id: str
    name: str
    action: str
    info: dict[str, str]
    mime: str
    at: int
    content: bytes = b""
    sha1: str | None = None
    parts: dict[int, bytes] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        return {
            "accountId": "account",
            "action": self.action,
            "bucketId": "bucket-id",
            "contentLength": len(self.content),
            "contentSha1": self.sha1 or "none",
            "contentType": self.mime,
            "fileId": self.id,
            "fileInfo": self.info,
            "fileName": self.name,
            "fileRetention": {"isClientAuthorizedToRead": True, "value": {"mode": None}},
            "legalHold": {"isClientAuthorizedToRead": True, "value": None},
            "uploadTimestamp": self.at,
        }


class Fake:
    """The service: what it has, what was asked of it, and which answers are to go wrong."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.versions: list[Version] = []
        self.calls: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self.faults: list[tuple[str, str]] = []
        self.kind = "allPrivate"
        self.tokens: set[str] = set()
        self.grants: dict[str, dict[str, Any]] = {}
        self.upload_urls: set[str] = set()
        self.clock = 1_700_000_000_000
        self.part_bytes = PART_BYTES
        self.hang_s = 3.0
        # How long each answer takes.
        self.pause_s = 0.0
        self.url = ""

    def fail(self, operation: str, fault: str, times: int = 1) -> None:
        """Let the next `times` calls of an operation go wrong in that way."""
        with self.lock:
            self.faults += [(operation, fault)] * times

    def fault(self, operation: str) -> str:
        """The fault due for this call, if any."""
        with self.lock:
            self.calls[operation] += 1
            for each in self.faults:
                if each[0] == operation:
                    self.faults.remove(each)
                    return each[1]
        return ""

    def now(self) -> int:
        self.clock += 1
        return self.clock

    def add(self, name: str, action: str, info: dict[str, str], mime: str) -> Version:
        with self.lock:
            at = self.now()
            version = Version(f"id{at}", name, action, info, mime, at)
            self.versions.append(version)
            return version

    def stored(self) -> dict[str, bytes]:
        """What a listing shows: the newest upload of each name."""
        with self.lock:
            return {each.name: each.content for each in self.versions if each.action == "upload"}

    def unfinished(self) -> list[Version]:
        return [each for each in self.versions if each.action == "start"]

    def by_id(self, file_id: str) -> Version:
        for each in self.versions:
            if each.id == file_id:
                return each
        raise Refusal(400, "file_not_present")


class Refusal(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; without this the client acknowledges late.
    disable_nagle_algorithm = True
    server: "Server"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        operation = path.rsplit("/", 1)[-1]
        if path.startswith("/upload/"):
            operation = "upload_part" if "/part/" in path else "upload_file"
        self._serve(operation, lambda fault: self._post(operation, path, fault))

    def do_GET(self) -> None:
        self._serve("download", self._download)

    def do_HEAD(self) -> None:
        self._serve("head", self._download)

    def _serve(self, operation: str, answer: Any) -> None:
        fake = self.server.fake
        fault = fake.fault(operation)
        if fault == "reset":
            # Half of what was sent is read, then the line is cut.
            self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
            self.close_connection = True
            return
        with fake.lock:
            fake.at_once += 1
            fake.most_at_once = max(fake.most_at_once, fake.at_once)
        try:
            if fault == "hang":
                time.sleep(fake.hang_s)
            time.sleep(fake.pause_s)
            answer(fault)
        except Refusal as refusal:
            self._json({"status": refusal.status, "code": refusal.code, "message": ""}, refusal)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with fake.lock:
                fake.at_once -= 1

    def _json(self, body: Any, refusal: Refusal | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(refusal.status if refusal else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _refuse(self, fault: str) -> None:
        if fault == "503":
            raise Refusal(503, "service_unavailable")
        if fault == "cap":
            raise Refusal(403, "storage_cap_exceeded")
        if fault == "expired":
            self.server.fake.tokens.clear()
            raise Refusal(401, "expired_auth_token")

    def _post(self, operation: str, path: str, fault: str) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._refuse(fault)
        if path.startswith("/upload/"):
            said = self._upload(operation, path, body, fault)
            if fault == "lost":
                self.close_connection = True
                return None
            return self._json(said)
        expected = {BASIC} if operation == "b2_authorize_account" else self.server.fake.tokens
        if self.headers["Authorization"] not in expected:
            raise Refusal(401, "bad_auth_token")
        with self.server.fake.lock:
            self._json(getattr(self, f"_{operation}")(json.loads(body)))

    def _b2_authorize_account(self, asked: dict[str, Any]) -> Any:
        fake = self.server.fake
        token = f"token-{fake.now()}"
        fake.tokens.add(token)
        storage = {
            "absoluteMinimumPartSize": fake.part_bytes // 2,
            "recommendedPartSize": fake.part_bytes,
            "apiUrl": fake.url,
            "downloadUrl": fake.url,
            "s3ApiUrl": fake.url,
            "bucketId": None,
            "bucketName": None,
            "namePrefix": None,
            "capabilities": _CAPABILITIES,
            "allowed": {"buckets": None, "capabilities": _CAPABILITIES, "namePrefix": None},
        }
        apis = {"storageApi": storage, "groupsApi": {}}
        return {"accountId": "account", "authorizationToken": token, "apiInfo": apis}

    def _upload(self, operation: str, path: str, body: bytes, fault: str) -> dict[str, Any]:
        fake, headers = self.server.fake, self.headers
        if path not in fake.upload_urls:
            raise Refusal(401, "bad_auth_token")
        sha1 = headers["X-Bz-Content-Sha1"]
        if sha1 == HEADER_SHA1:
            body, sha1 = body[:-40], body[-40:].decode()
        if hashlib.sha1(body).hexdigest() != sha1:  # noqa: S324
            raise Refusal(400, "bad_request")
        if fault == "damage":
            body = bytes([body[0] ^ 1]) * min(len(body), 1) + body[1:]
        if fault == "blank":
            body = bytes(len(body))
        said = "0" * 40 if fault == "other sha1" else sha1
        if operation == "upload_part":
            number = int(headers["X-Bz-Part-Number"])
            large = fake.by_id(path.rsplit("/", 1)[-1])
            large.parts[number] = body
            return {
                "fileId": large.id,
                "partNumber": number,
                "contentLength": len(body),
                "contentSha1": said,
            }
        info = {
            name.lower().removeprefix("x-bz-info-"): unquote(value)
            for name, value in headers.items()
            if name.lower().startswith("x-bz-info-")
        }
        name = unquote(headers["X-Bz-File-Name"])
        version = fake.add(name, "upload", info, headers["Content-Type"])
        version.content, version.sha1 = body, sha1
        return {**version.row(), "contentSha1": said}

    def _download(self, fault: str) -> None:
        self._refuse(fault)
        fake = self.server.fake
        query = parse_qs(urlsplit(self.path).query)
        if "fileId" in query:
            found, shown = fake.by_id(query["fileId"][0]), {}
            self._granted(found.name)
        else:
            name = unquote(urlsplit(self.path).path.removeprefix(f"/file/{BUCKET}/"))
            shown = self._granted(name)
            named = [each for each in fake.versions if (each.name, each.action) == (name, "upload")]
            found = max(named, key=lambda each: each.at, default=None)
        if found is None:
            raise Refusal(404, "not_found")
        content, status = found.content, 200
        asked = self.headers.get("Range", "").removeprefix("bytes=")
        if asked:
            start, _, end = asked.partition("-")
            last = min(int(end or len(content)), len(content) - 1)
            status, whole, content = 206, len(content), content[int(start) : last + 1]
        self.send_response(status)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{last}/{whole}")
        for header, value in {
            "Accept-Ranges": "bytes",
            "Content-Length": len(content),
            "Content-Type": shown.get("b2ContentType", found.mime),
            "x-bz-file-id": found.id,
            "x-bz-file-name": quote(found.name),
            "x-bz-content-sha1": found.sha1 or "none",
            "x-bz-upload-timestamp": found.at,
        }.items():
            self.send_header(header, str(value))
        if "b2ContentDisposition" in shown:
            self.send_header("Content-Disposition", shown["b2ContentDisposition"])
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault == "flip" and content:
            content = bytes([content[0] ^ 1]) + content[1:]
        if fault == "short":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self.wfile.write(content)

    def _granted(self, name: str) -> dict[str, str]:
        """The headers that the address asks for, if its grant names them."""
        fake = self.server.fake
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        token = query.pop("Authorization", "") or self.headers.get("Authorization", "")
        if token in fake.tokens:
            return query
        grant = fake.grants.get(token)
        if grant is None or grant["until"] < time.time():
            raise Refusal(401, "unauthorized")
        same = all(query.get(each) == grant.get(each) for each in _SHOWN)
        if not name.startswith(grant["fileNamePrefix"]) or not same:
            raise Refusal(401, "unauthorized")
        return query

    def _b2_list_buckets(self, asked: dict[str, Any]) -> Any:
        if asked.get("bucketName") != BUCKET:
            return {"buckets": []}
        bucket = {
            "accountId": "account",
            "bucketId": "bucket-id",
            "bucketName": BUCKET,
            "bucketType": self.server.fake.kind,
            "bucketInfo": {},
            "corsRules": [],
            "lifecycleRules": [],
            "options": [],
            "revision": 1,
            "defaultServerSideEncryption": {"isClientAuthorizedToRead": False, "value": None},
            "fileLockConfiguration": {"isClientAuthorizedToRead": False, "value": None},
            "replicationConfiguration": {"isClientAuthorizedToRead": False, "value": None},
        }
        return {"buckets": [bucket]}

    def _b2_get_upload_url(self, asked: dict[str, Any]) -> Any:
        return self._upload_url(f"/upload/file/{self.server.fake.now()}")

    def _b2_get_upload_part_url(self, asked: dict[str, Any]) -> Any:
        fake = self.server.fake
        return self._upload_url(f"/upload/part/{fake.now()}/{asked['fileId']}")

    def _upload_url(self, path: str) -> Any:
        fake = self.server.fake
        fake.upload_urls.add(path)
        return {"uploadUrl": fake.url + path, "authorizationToken": "upload", "bucketId": "b"}

    def _b2_get_file_info(self, asked: dict[str, Any]) -> Any:
        return self.server.fake.by_id(asked["fileId"]).row()

    def _b2_start_large_file(self, asked: dict[str, Any]) -> Any:
        info, mime = asked.get("fileInfo") or {}, asked["contentType"]
        return self.server.fake.add(asked["fileName"], "start", info, mime).row()

    def _b2_finish_large_file(self, asked: dict[str, Any]) -> Any:
        large = self.server.fake.by_id(asked["fileId"])
        parts = [large.parts[number] for number in sorted(large.parts)]
        large.content, large.parts, large.action = b"".join(parts), {}, "upload"
        return large.row()

    def _b2_list_parts(self, asked: dict[str, Any]) -> Any:
        large = self.server.fake.by_id(asked["fileId"])
        first = asked.get("startPartNumber") or 1
        parts = [
            {
                "fileId": large.id,
                "partNumber": number,
                "contentLength": len(content),
                "contentSha1": hashlib.sha1(content).hexdigest(),  # noqa: S324
            }
            for number, content in sorted(large.parts.items())
            if number >= first
        ]
        return {"parts": parts, "nextPartNumber": None}

    def _b2_list_unfinished_large_files(self, asked: dict[str, Any]) -> Any:
        prefix = asked.get("namePrefix") or ""
        found = [each for each in self.server.fake.unfinished() if each.name.startswith(prefix)]
        return {"files": [each.row() for each in found], "nextFileId": None}

    def _b2_cancel_large_file(self, asked: dict[str, Any]) -> Any:
        fake = self.server.fake
        large = fake.by_id(asked["fileId"])
        fake.versions.remove(large)
        row = large.row()
        return {each: row[each] for each in ("accountId", "bucketId", "fileId", "fileName")}

    def _b2_delete_file_version(self, asked: dict[str, Any]) -> Any:
        fake = self.server.fake
        fake.versions.remove(fake.by_id(asked["fileId"]))
        return {"fileId": asked["fileId"], "fileName": asked["fileName"]}

    def _b2_list_file_versions(self, asked: dict[str, Any]) -> Any:
        prefix = asked.get("prefix") or ""
        found = [each for each in self.server.fake.versions if each.name.startswith(prefix)]
        found.sort(key=lambda each: (each.name, -each.at))
        rows = [each.row() for each in found]
        return {"files": rows, "nextFileName": None, "nextFileId": None}

    def _b2_list_file_names(self, asked: dict[str, Any]) -> Any:
        prefix, start = asked.get("prefix") or "", asked.get("startFileName") or ""
        names = {
            each.name: each
            for each in self.server.fake.versions
            if each.action == "upload" and each.name.startswith(prefix) and each.name >= start
        }
        page = sorted(names)[: asked["maxFileCount"] + 1]
        more = page.pop() if len(page) > asked["maxFileCount"] else None
        return {"files": [names[each].row() for each in page], "nextFileName": more}

    def _b2_get_download_authorization(self, asked: dict[str, Any]) -> Any:
        fake = self.server.fake
        token = f"grant-{fake.now()}"
        fake.grants[token] = {**asked, "until": time.time() + asked["validDurationInSeconds"]}
        return {"authorizationToken": token, "fileNamePrefix": asked["fileNamePrefix"]}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: Fake


@contextmanager
def serving(port: int = 0) -> Iterator[Fake]:
    """The service on this machine, until the block ends."""
    fake = Fake()
    server = Server(("127.0.0.1", port), Handler)
    server.fake = fake
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_SHOWN = ("b2ContentDisposition", "b2ContentType")
_CAPABILITIES = ["listBuckets", "listFiles", "readFiles", "shareFiles", "writeFiles", "deleteFiles"]
BASIC = "Basic " + base64.b64encode(f"{KEY_ID}:{KEY}".encode()).decode()
