"""The OpenAPI 3.1 document, made of the table of routes and of the models that the handlers answer with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from streamer.web.answers import Problem
from streamer.web.problems import PROBLEM
from streamer.web.routing import SITE, Route
from streamer.web.told import Message

REFERENCES = "#/components/schemas/{model}"

TABLE: web.AppKey[tuple[Route, ...]] = web.AppKey("table", tuple[Route, ...])


async def openapi(request: web.Request) -> web.Response:
    routes = request.app[TABLE]
    return web.json_response(document(routes, request.app[SITE].version))


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """Of all routes but pages; the events of the WebSocket and the data channel are among its schemas as Event."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.kind != "page" and "static" not in route.path:
            paths.setdefault(templated(route.path), {})[route.method.lower()] = operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Groupmood", "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas(routes),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "groupmood"},
            },
        },
    }


def templated(path: str) -> str:
    """'/a/{b:regex}' as '/a/{b}'."""
    return re.sub(r"\{(\w+):[^{}]*\}", r"{\1}", path)


def operation(route: Route) -> dict[str, Any]:
    """One route. Roles stand in ``x-role``, since tokens are only needed where they are set."""
    made: dict[str, Any] = {
        "summary": route.summary,
        "x-role": route.role,
        "responses": {
            "default": {"description": "What is wrong", "content": content(PROBLEM, Problem)},
            **success(route),
        },
    }
    if route.role != "anyone":
        made["security"] = [{"bearer": []}, {"cookie": []}, {}]
    if parameters := [*places(route), *queries(route)]:
        made["parameters"] = parameters
    if route.body is not None:
        made["requestBody"] = {"required": True, "content": content("application/json", route.body)}
    return made


def places(route: Route) -> Iterator[dict[str, Any]]:
    """Of the path."""
    for name in re.findall(r"\{(\w+)\}", templated(route.path)):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def queries(route: Route) -> Iterator[dict[str, Any]]:
    if route.query is None:
        return
    schema = route.query.model_json_schema()
    for name, told in schema["properties"].items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": told}


def success(route: Route) -> dict[str, Any]:
    """What is answered when all is well."""
    if route.kind == "socket":
        return {"101": {"description": "WebSocket; each message is an Event"}}
    if route.media:
        return {"2XX": {"description": route.summary, "content": {route.media: {"schema": {"type": "string"}}}}}
    if route.answer is None:
        return {"2XX": {"description": route.summary or "Done"}}
    return {"2XX": {"description": route.summary or "Done", "content": content("application/json", route.answer)}}


def content(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    return {kind: {"schema": {"$ref": REFERENCES.format(model=model.__name__)}}}


def schemas(routes: Sequence[Route]) -> dict[str, Any]:
    """All models by name, and Event."""
    models = {model for route in routes for model in (route.answer, route.body) if model is not None} | {Problem}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, made = models_json_schema([(model, "serialization") for model in ordered], ref_template=REFERENCES)
    event = TypeAdapter(Message).json_schema(ref_template=REFERENCES, mode="serialization")
    found: dict[str, Any] = made["$defs"] | event.pop("$defs")
    return dict(sorted((found | {"Event": event}).items()))


ROUTES = (Route("GET", "/api/v1/openapi.json", openapi, "viewer", summary="This document"),)
