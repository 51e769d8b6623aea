"""What is wrong with a configuration, told to a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError

from streamer.errors import ConfigError, did_you_mean
from streamer.part import Part


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


def describe(fault: Any, whole: type[Part]) -> str:
    """A fault of the ``whole`` told to a person, without the value, which may be a secret."""
    words = [str(part) for part in fault["loc"] if part != "[key]"]
    place = [word if word.isprintable() else repr(word)[1:-1] for word in words]
    where = ".".join(place)
    if fault["type"] == "extra_forbidden":
        known = known_keys(place[:-1], whole)
        all_of_them = f"; known: {', '.join(known)}" if known else ""
        return f"{where}: unknown key" + (did_you_mean(place[-1], known) or all_of_them)
    if fault["type"] == "missing":
        return f"{where}: is required"
    said = fault["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list")
    return f"{where}: {said}"


def known_keys(place: Sequence[str], whole: type[Part]) -> list[str]:
    """The keys that may stand at a path such as ['sources', 'webcam'] or ['events', 'webhooks', '0']; none where
    nothing is divided any further."""
    parts, within = [whole], 0
    for word in place:
        if within:  # a name of the user's, or a number
            within -= 1
        elif known := [part.model_fields[word].annotation for part in parts if word in part.model_fields]:
            found = [parts_of(annotation) for annotation in known]
            parts, within = [part for some, _ in found for part in some], max(depth for _, depth in found)
    return sorted({key for part in parts for key in part.model_fields}) if not within else []


def parts_of(annotation: Any) -> tuple[list[type[Part]], int]:
    """The parts that an annotation allows, and in how many mappings and lists they lie."""
    origin = get_origin(annotation)
    if origin is None:
        return ([annotation], 0) if isinstance(annotation, type) and issubclass(annotation, Part) else ([], 0)
    found = [parts_of(one) for one in get_args(annotation)]
    around = 0 if origin in (Annotated, Union, UnionType) else 1
    return [part for some, _ in found for part in some], around + max((depth for _, depth in found), default=0)
