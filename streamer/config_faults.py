"""What is wrong with a configuration, told to a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import ValidationError

from streamer.errors import ConfigError, did_you_mean
from streamer.part import Part

Parts: TypeAlias = Mapping[str, type[Part]]
"""What stands under which key; the whole under ""."""


def listed(where: str, faults: Sequence[str]) -> ConfigError:
    return ConfigError(f"{where}:\n" + "\n".join(f"  {line}" for line in faults))


def told(error: ValidationError, unknown: Collection[tuple[object, ...]]) -> Iterator[Any]:
    """The faults that are worth telling: not those of values that are not known yet, nor of a list that is too short
    only because its items were refused."""
    faults = error.errors(include_url=False)
    for fault in faults:
        place = fault["loc"]
        within = any(len(one["loc"]) > len(place) and one["loc"][: len(place)] == place for one in faults)
        if not (fault["type"] == "too_short" and within) and not any(place[: len(path)] == path for path in unknown):
            yield fault


def describe(fault: Any, parts: Parts) -> str:
    """A fault told to a person, without the value, which may be a secret."""
    words = [str(part) for part in fault["loc"] if part != "[key]"]
    place = [word if word.isprintable() else repr(word)[1:-1] for word in words]
    where = ".".join(place)
    if fault["type"] == "extra_forbidden":
        known = known_keys(place[:-1], parts)
        return f"{where}: unknown key" + (did_you_mean(place[-1], known) or f"; known: {', '.join(known)}")
    if fault["type"] == "missing":
        return f"{where}: is required"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def known_keys(place: list[str], parts: Parts) -> list[str]:
    """The keys that may stand at a path such as ['sources', 'webcam']."""
    return sorted((parts[place[0]] if place and place[0] in parts else parts[""]).model_fields)
