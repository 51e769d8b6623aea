from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from streamer.schema import Event
from streamer.web.app import ROUTES
from streamer.web.openapi import document, templated
from tests.kept_rooms import two_sittings
from tests.web_site import ask, serving, told_site

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(ROUTES, "1.2.3")))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def resolved(reference: str) -> Any:
    assert reference.startswith("#/")
    found: Any = DOCUMENT
    for part in reference[2:].split("/"):
        found = found[part]
    return found


def test_it_is_an_openapi_document() -> None:
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert DOCUMENT["info"] == {"title": "Groupmood", "version": "1.2.3"}
    methods = {"get", "post", "delete", "patch", "options"}
    for path, item in DOCUMENT["paths"].items():
        assert path.startswith("/")
        assert set(item) <= methods
        for operation in item.values():
            assert all(re.fullmatch(r"default|[1-5](\d\d|XX)", code) for code in operation["responses"])
            assert all(answer["description"] for answer in operation["responses"].values())


def test_every_route_but_pages_is_in_it_with_its_answer() -> None:
    for route in ROUTES:
        if route.kind == "page" or "static" in route.path:
            assert templated(route.path) not in DOCUMENT["paths"]
            continue
        operation = DOCUMENT["paths"][templated(route.path)][route.method.lower()]
        assert operation["x-role"] == route.role
        assert operation["summary"]
        assert bool(operation.get("security")) == (route.role != "anyone")
        names = re.findall(r"\{(\w+)", route.path)
        parameters = operation.get("parameters", [])
        assert [one["name"] for one in parameters if one["in"] == "path"] == names
        asked = {} if route.query is None else route.query.model_json_schema()["properties"]
        assert [one["name"] for one in parameters if one["in"] == "query"] == list(asked)
        if route.answer is not None:
            (told,) = (answer for code, answer in operation["responses"].items() if code == "2XX")
            assert told["content"]["application/json"]["schema"]["$ref"].endswith(f"/{route.answer.__name__}")
        if route.media:
            assert operation["responses"]["2XX"]["content"] == {route.media: {"schema": {"type": "string"}}}
        if route.body is not None:
            assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]


def test_what_may_be_asked_is_told() -> None:
    points = DOCUMENT["paths"]["/api/v1/rooms/{room}/timeline"]["get"]["parameters"][-1]
    assert (points["name"], points["in"], points["required"]) == ("points", "query", False)
    assert (points["schema"]["minimum"], points["schema"]["maximum"]) == (2, 2000)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 10
    for reference in found:
        assert isinstance(resolved(reference), dict)
    assert "$defs" not in json.dumps(DOCUMENT)


def test_the_events_are_in_it() -> None:
    event = resolved("#/components/schemas/Event")
    kinds = {one["$ref"].rpartition("/")[2] for one in event["oneOf"]}
    assert kinds == {"RoomEvent", "CameraEvent", "SelfEvent", "MomentEvent", "AlertEvent", "MarkEvent"}
    assert set(event["discriminator"]["mapping"]) == {"room", "camera", "self", "moment", "alert", "mark"}
    room = resolved("#/components/schemas/RoomEvent")
    assert {"room", "at", "least", "mood", "signs", "sources"} <= set(room["required"])
    assert room["properties"]["type"]["const"] == "room"


QUERIES = {
    "/api/v1/rooms/{room}/compare": "?a=1763896400-1763898200&b=1763898200-1763900000",
    "/api/v1/rooms/{room}/followings": "?from=1763898200&to=1763900000",
}
"""What must be asked for."""


def test_answers_are_what_it_says(tmp_path: Path) -> None:
    """Each answer of a served site has the fields that its schema requires, and no other."""
    two_sittings(tmp_path / "kept", "hall")
    with serving(told_site(timeline=tmp_path / "kept", purpose="self")) as server:
        assert ask(server, "/api/v1/openapi.json").json["paths"].keys() == DOCUMENT["paths"].keys()
        for route in ROUTES:
            if route.method != "GET" or route.answer is None:
                continue
            path = route.path.replace("{room}", "hall") + QUERIES.get(route.path, "")
            answer = ask(server, path).json
            schema = resolved(f"#/components/schemas/{route.answer.__name__}")
            assert set(schema["required"]) <= set(answer) <= set(schema["properties"])
            route.answer.model_validate(answer)


def test_an_event_that_is_none_is_told_apart() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Event).validate_python({"type": "person", "box": [0, 0, 1, 1]})
