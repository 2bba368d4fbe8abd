"""The OpenAPI document as rows that a page can print: references followed, types in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Json = Mapping[str, Any]
METHODS = ("get", "put", "post", "patch", "delete", "head", "options")
_BOUNDS = (("minimum", "≥ {}"), ("maximum", "≤ {}"), ("maxLength", "≤ {} characters"))

_FORMATS = {"uuid": "id", "date-time": "time", "binary": "bytes"}


@dataclass(frozen=True)
class Row:
    """One parameter or member: its type in words, and the named schema that it leads to."""

    name: str
    type: str
    link: str | None
    required: bool
    note: str
    place: str = ""


@dataclass(frozen=True)
class Answer:
    """What a status means; `link` is the named schema of its body, `rows` an unnamed one's."""

    status: str
    note: str
    link: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Operation:
    """One method of one path. `body_link` and `body` are the request's body, as in `Answer`."""

    id: str
    method: str
    path: str
    summary: str
    note: str
    open: bool
    parameters: tuple[Row, ...]
    body_link: str | None
    body: tuple[Row, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Group:
    """The operations of one tag."""

    name: str
    note: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Schema:
    """A named schema: an object's members, or for anything else its type alone."""

    name: str
    type: str
    note: str
    rows: tuple[Row, ...]


class Reader:
    """Reads one document."""

    def __init__(self, document: Json) -> None:
        self._document = document

    def groups(self) -> list[Group]:
        """Every operation, by tag, in the document's order."""
        found: dict[str, list[Operation]] = {tag["name"]: [] for tag in self._document["tags"]}
        for path, item in self._document["paths"].items():
            for method in METHODS:
                if method in item:
                    found[item[method]["tags"][0]].append(self._operation(path, method, item))
        notes = {tag["name"]: tag["description"] for tag in self._document["tags"]}
        return [Group(name, notes[name], tuple(found[name])) for name in found]

    def schemas(self) -> list[Schema]:
        """The named schemas, by name."""
        named: Json = self._document["components"]["schemas"]
        return [
            Schema(name, self._type(schema), schema.get("description", ""), self._rows(schema))
            for name, schema in sorted(named.items())
        ]

    def _operation(self, path: str, method: str, item: Json) -> Operation:
        said = item[method]
        parameters = [*item.get("parameters", ()), *said.get("parameters", ())]
        link, body = self._content(said.get("requestBody", {}))
        return Operation(
            id=said["operationId"],
            method=method.upper(),
            path=path,
            summary=said["summary"],
            note=said.get("description", ""),
            open=said.get("security") == [],
            parameters=tuple(self._parameter(each) for each in parameters),
            body_link=link,
            body=body,
            answers=tuple(self._answers(said["responses"])),
        )

    def _parameter(self, parameter: Json) -> Row:
        said = self._follow(parameter)
        schema = said["schema"]
        required, note = said.get("required", False), said.get("description", "")
        name, place = said["name"], said["in"]
        return Row(name, self._type(schema), _name(schema), required, note, place)

    def _answers(self, responses: Json) -> Iterable[Answer]:
        for status, response in responses.items():
            said = self._follow(response)
            # What can go wrong is the same everywhere; the page tells it once.
            if status != "default":
                yield Answer(status, said["description"], *self._content(said))

    def _content(self, holder: Json) -> tuple[str | None, tuple[Row, ...]]:
        for media in holder.get("content", {}).values():
            schema = media["schema"]
            return _name(schema), () if "$ref" in schema else self._rows(schema)
        return None, ()

    def _rows(self, schema: Json) -> tuple[Row, ...]:
        rows: dict[str, Row] = {}
        for part in schema.get("allOf", ()):
            for row in self._rows(self._follow(part)):
                known = rows.get(row.name, row)
                rows[row.name] = replace(row, required=row.required or known.required)
        needed = schema.get("required", ())
        for name, member in schema.get("properties", {}).items():
            note = self._note(member)
            rows[name] = Row(name, self._type(member), _name(member), name in needed, note)
        return tuple(rows.values())

    def _note(self, member: Json) -> str:
        own = member.get("description", "")
        inner = [name for name in member.get("items", member).get("properties", ())]
        members = ", ".join(f"`{name}`" for name in inner)
        return " ".join(part for part in (own, f"With {members}." if members else "") if part)

    def _type(self, schema: Json) -> str:
        if "$ref" in schema:
            return str(_name(schema))
        if "oneOf" in schema:
            return " or ".join(self._type(each) for each in schema["oneOf"])
        if "enum" in schema:
            return " | ".join(map(str, schema["enum"]))
        if "const" in schema:
            return str(schema["const"])
        if "allOf" in schema:
            return "object"
        if schema.get("type") == "array" and "items" in schema:
            return f"list of {self._type(schema['items'])}"
        kinds = schema.get("type", "any")
        said = [kinds] if isinstance(kinds, str) else list(kinds)
        said[0] = _FORMATS.get(schema.get("format", ""), said[0])
        bounds = [words.format(schema[bound]) for bound, words in _BOUNDS if bound in schema]
        return ", ".join([" or ".join(said), *bounds])

    def _follow(self, thing: Json) -> Json:
        while "$ref" in thing:
            at: Any = self._document
            for step in thing["$ref"].removeprefix("#/").split("/"):
                at = at[step]
            thing = at
        return thing


def _name(schema: Json) -> str | None:
    """The named schema that this one is, or is a list of, or may be."""
    for each in (schema, schema.get("items", {}), *schema.get("oneOf", ())):
        if "$ref" in each:
            return str(each["$ref"].rpartition("/")[2])
    return None
