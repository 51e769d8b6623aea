"""Copies of frozen parts with other values, and what is wrong with them in words."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from tools.labelled.document import LabelPart

Part = TypeVar("Part", bound=LabelPart)


def changed(part: Part, **changes: Any) -> Part:
    """A copy with other values, checked as if it were new."""
    return type(part).model_validate({**dict(part), **changes})


def faults(error: ValidationError) -> str:
    """Everything that is wrong, each with its place where it has one."""
    said = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in one["loc"])
        text = str(one["msg"]).removeprefix("Value error, ")
        said.append(f"{place}: {text}" if place else text)
    return "; ".join(said)
