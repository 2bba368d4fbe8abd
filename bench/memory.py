"""Memory of a web process: after every page was used, and over an upload of 2 GiB.

`python -m bench.memory` prints what the process adds to the machine (PSS: its own pages, and its
share of those that it has in common with others), beside RSS, and beside the least application
that the same server could run with the same packages.
"""

import argparse
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import product
from threading import Thread

import psutil
from werkzeug.routing import Rule

from bench import sites
from bench.sites import Site
from bench.upload import upload
from lectern.database.sessions import unit_of_work
from tests.factories import make_asset, make_blob, make_course
from web.app import create_app

MIB = 1 << 20
MOST_PAGES = 80 * MIB
MOST_UPLOAD = 90 * MIB
UPLOAD_BYTES = 2048 * MIB
# As many at once as `LECTERN_WEB_THREADS` lets in, so that every thread has worked.
READERS = 8
ROUNDS = 3
_PART = re.compile(r"<(?:(\w+)(?:\((.*?)\))?:)?(\w+)>")


@dataclass(frozen=True)
class Memory:
    """Bytes of one process, as the kernel counts them (`/proc/PID/smaps_rollup`)."""

    pss: int
    uss: int
    rss: int


def main() -> int:
    """Run the bench; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=UPLOAD_BYTES // MIB)
    upload_bytes = parser.parse_args().mebibytes * MIB
    with sites.running() as site:
        addresses = list(pages(site))
        with sites.bare(site) as (port, process):
            read_all(port, site.cookie, ["/"] * len(addresses))
            least = memory_of(process)
        _show("the least application", least)
        _show("before the first page", memory_of(site.process))
        for _ in range(ROUNDS):
            read_all(site.port, site.cookie, addresses)
        used = memory_of(site.process)
        _show(f"after {len(addresses)} addresses", used)
        upload(site, upload_bytes)
        sent = memory_of(site.process)
        _show(f"after an upload of {upload_bytes // MIB} MiB", sent)
    print(f"  ratio after the pages: {used.pss / least.pss:.2f} × the least application")
    holds = _hold("all pages used", used.pss, MOST_PAGES)
    return 0 if _hold("over the upload", sent.pss, MOST_UPLOAD) and holds else 1


def memory_of(process: psutil.Process) -> Memory:
    """What one process holds now."""
    full = process.memory_full_info()
    return Memory(full.pss, full.uss, full.rss)


def pages(site: Site) -> Iterator[str]:
    """Every address that can be read, with the ids of an asset, a course and a lesson."""
    with unit_of_work() as session:
        blob = make_blob(session, site.owner.workspace_id)
        asset = make_asset(session, site.owner, blob=blob)
        course = make_course(session, site.owner)
        stored = site.settings.data / "storage" / blob.key
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(bytes(blob.byte_size))
        known = {"asset_id": str(asset.id), "course_id": str(course.id), "ref": str(course.id)}
    for rule in create_app(site.settings).url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            yield from addresses_of(rule, known)


def addresses_of(rule: Rule, known: dict[str, str]) -> Iterator[str]:
    """The rule's addresses: one for each of a list of words, known ids, else a stranger's."""
    examples = {"uuid": str(uuid.UUID(int=1)), "int": "1", "string": "en", "": "other"}
    choices = [
        re.findall(r"\w+", part[2])
        if part[1] == "any"
        else [known.get(part[3], examples[part[1] or ""])]
        for part in _PART.finditer(rule.rule)
    ]
    for values in product(*choices):
        yield _PART.sub("{}", rule.rule).format(*values)


def read_all(port: int, cookie: str, addresses: list[str]) -> None:
    """Read them with `READERS` browsers at once; a server error ends the bench."""
    failed: list[str] = []
    readers = [Thread(target=_read, args=(port, cookie, addresses, failed)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    if failed:
        raise RuntimeError(f"not answered: {', '.join(sorted(set(failed)))}")


def _read(port: int, cookie: str, addresses: list[str], failed: list[str]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for address in addresses:
        connection.request("GET", address, headers={"Cookie": f"lectern={cookie}"})
        reply = connection.getresponse()
        reply.read()
        if reply.status >= 500:
            failed.append(f"{address} {reply.status}")
    connection.close()


def _show(name: str, memory: Memory) -> None:
    pss, uss, rss = (number / MIB for number in (memory.pss, memory.uss, memory.rss))
    print(f"  {name:<36} PSS {pss:6.1f}   USS {uss:6.1f}   RSS {rss:6.1f} MiB", flush=True)


def _hold(claim: str, size: int, most: int) -> bool:
    holds = size <= most
    verdict = "holds" if holds else "MISSED"
    print(f"{verdict:>6}: {claim}: {size / MIB:.1f} MiB PSS (bar: ≤ {most // MIB} MiB)")
    return holds


if __name__ == "__main__":
    sys.exit(main())
