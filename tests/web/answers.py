"""What answers of the API look like, whatever they are about."""

from typing import Any


def items(reply: Any) -> list[Any]:
    assert reply.status_code == 200
    assert reply.json["next"] is None
    listed: list[Any] = reply.json["items"]
    return listed


def assert_problem(reply: Any, status: int) -> None:
    assert reply.status_code == status, reply.data
    assert reply.mimetype == "application/problem+json"
    assert reply.json["status"] == status
    assert {"type", "title", "detail"} <= reply.json.keys()
    assert reply.json["detail"]
