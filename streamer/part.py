"""What every part of a configuration is: checked, frozen, without unknown keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=3600)]


def zone_of(zone: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = zone
    if not (x1 < x2 and y1 < y2):
        raise ValueError(f"expected x1, y1, x2, y2 with x1 < x2 and y1 < y2, got {list(zone)}")
    return zone


Zone: TypeAlias = Annotated[tuple[Share, Share, Share, Share], AfterValidator(zone_of)]
"""x1, y1, x2, y2 as shares of a picture's width and height."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _mapping(cls, value: object) -> object:
        """A part with nothing under its name is one without settings."""
        if value is None:
            return {}
        if not isinstance(value, Mapping | cls):
            raise ValueError(f"expected a mapping of {', '.join(cls.model_fields)}, got {type(value).__name__}")
        return value


def list_of(value: object) -> object:
    """'a, b' as ['a', 'b']; a list is left to the check that follows."""
    return [word.strip() for word in value.split(",")] if isinstance(value, str) else value
