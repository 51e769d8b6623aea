"""What a run is made of: read once, checked whole, frozen. Only ``build`` and the command line look inside."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from streamer.errors import ConfigError

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=3600)]


def size_of(value: object) -> object:
    """'1280x720' as (1280, 720); a pair is left to the check that follows."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+)\s*[x×]\s*(\d+)\s*", value)
    if match is None:
        raise ValueError(f"expected WIDTHxHEIGHT such as 1280x720, got {value!r}")
    return int(match[1]), int(match[2])


Size: TypeAlias = Annotated[
    tuple[Annotated[int, Field(ge=16, le=16384)], Annotated[int, Field(ge=16, le=16384)]], BeforeValidator(size_of)
]


def list_of(value: object) -> object:
    """'a, b' as ['a', 'b']; a list is left to the check that follows."""
    return [word.strip() for word in value.split(",")] if isinstance(value, str) else value


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Source(Part):
    """``address``: camera number, device, video file, ``lavfi:…`` or ``synthetic:…``. The rest is for cameras."""

    address: Annotated[SecretStr, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
    mirror: bool = False
    size: Size | None = None
    fps: Annotated[float, Field(gt=0, le=240)] | None = None

    def at(self, address: str) -> Source:
        """The same at another address."""
        return self.model_copy(update={"address": SecretStr(address)})


class Room(Part):
    """One mood over one or more sources; ``smoothing`` is the meter's time constant in seconds."""

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    smoothing: Seconds = 5.0


class Detector(Part):
    """``every``: detect on each k-th frame; ``auto`` follows the load of a live source and is 1 for a file."""

    name: str = "auto"
    min_score: Share | None = None
    every: Annotated[int, Field(ge=1, le=30)] | Literal["auto"] = "auto"
    weights: Path | None = None


class Classifier(Part):
    """``card``: a card's name, or the path of one's own; ``interval``: seconds between two looks at one face."""

    card: str = "mini_xception"
    interval: Annotated[float, Field(ge=0.02, le=10)] = 0.25
    weights: Path | None = None


class Engine(Part):
    """``order``: the engines to try, first to last. ``precision``: ``auto`` takes bf16 where the processor has it."""

    order: Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(list_of)] = ("openvino", "onnxruntime")
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    precision: Literal["auto", "fp32"] = "auto"


class Overlay(Part):
    blur: bool = False
    labels: bool = True
    meter: bool = True


class Output(Part):
    """Files to write: ``video`` the annotated mp4, ``results`` a line of JSON for each frame."""

    video: Path | None = None
    results: Path | None = None


class Config(Part):
    sources: Annotated[dict[str, Source], Field(min_length=1)]
    rooms: dict[str, Room] = {}
    detector: Detector = Detector()
    classifier: Classifier = Classifier()
    engine: Engine = Engine()
    overlay: Overlay = Overlay()
    output: Output = Output()
    cache_dir: Path | None = None
    state_dir: Path | None = None

    def room_of(self, source: str) -> tuple[str, Room]:
        """The room that a source belongs to; one of its own where none names it."""
        for name, room in self.rooms.items():
            if source in room.sources:
                return name, room
        return source, Room(sources=(source,))


class StrictLoader(yaml.SafeLoader):
    """YAML that refuses a key given twice, which would silently win otherwise."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise ConfigError(f"line {node.start_mark.line + 1}: given twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep=deep)


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a YAML file; '${NAME}' in a text is replaced from ``environ``.

    Raises:
        ConfigError: naming the file and every wrong key at once.
    """
    return check(read(path), environ, str(path))


def read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, unchecked.

    Raises:
        ConfigError: no file, not YAML, or not a mapping.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), StrictLoader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not a text file in UTF-8") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not YAML: {' '.join(str(error).split())}") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected a mapping with 'sources:', got {type(document).__name__}")
    return document


def check(document: Mapping[str, Any], environ: Mapping[str, str], where: str = "configuration") -> Config:
    """The configuration that a mapping describes.

    Raises:
        ConfigError: every fault, one a line, with its path.
    """
    missing = sorted(set(unset(document, environ)))
    if missing:
        raise ConfigError(f"{where}: not set in the environment: {', '.join(missing)}")
    faults = list(room_faults(document))
    try:
        config = Config.model_validate(expanded(document, environ))
    except ValidationError as error:
        faults = [describe(fault) for fault in error.errors(include_url=False)] + faults
    if faults:
        raise ConfigError(f"{where}:\n" + "\n".join(f"  {line}" for line in faults))
    return config


def room_faults(document: Mapping[str, Any]) -> Iterator[str]:
    """Every source named by a room must exist, and stand in one room only."""
    sources, rooms = document.get("sources"), document.get("rooms")
    if not isinstance(sources, Mapping) or not isinstance(rooms, Mapping):
        return
    seen: dict[str, str] = {}
    for name, room in rooms.items():
        members = room.get("sources") if isinstance(room, Mapping) else None
        for source in members if isinstance(members, list) else ():
            if source not in sources:
                hint = did_you_mean(str(source), [str(key) for key in sources])
                yield f"rooms.{name}.sources: there is no source {source!r}{hint}"
            elif source in seen:
                yield f"rooms.{name}.sources: {source!r} is already in the room {seen[source]!r}"
            seen.setdefault(source, name)


def describe(fault: Any) -> str:
    """A fault told to a person, without the value, which may be a secret."""
    place = [str(part) for part in fault["loc"]]
    where = ".".join(place)
    if fault["type"] == "extra_forbidden":
        known = known_keys(place[:-1])
        return f"{where}: unknown key" + (did_you_mean(place[-1], known) or f"; known: {', '.join(known)}")
    if fault["type"] == "missing":
        return f"{where}: is required"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def known_keys(place: list[str]) -> list[str]:
    """The keys that may stand at a path such as ['sources', 'webcam']."""
    parts: dict[str, type[Part]] = {
        "sources": Source,
        "rooms": Room,
        "detector": Detector,
        "classifier": Classifier,
        "engine": Engine,
        "overlay": Overlay,
        "output": Output,
    }
    return sorted((parts[place[0]] if place and place[0] in parts else Config).model_fields)


def did_you_mean(word: str, known: Mapping[str, object] | list[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""


REFERENCE = re.compile(r"\$\{(\w+)\}")


def unset(value: Any, environ: Mapping[str, str]) -> Iterator[str]:
    """The names in '${NAME}' anywhere in a value that the environment lacks."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from unset(inner, environ)
    elif isinstance(value, str):
        yield from (name for name in REFERENCE.findall(value) if name not in environ)


def expanded(value: Any, environ: Mapping[str, str]) -> Any:
    """The value with every '${NAME}' replaced."""
    if isinstance(value, Mapping):
        return {key: expanded(inner, environ) for key, inner in value.items()}
    if isinstance(value, list):
        return [expanded(inner, environ) for inner in value]
    if isinstance(value, str):
        return REFERENCE.sub(lambda match: environ[match[1]], value)
    return value
