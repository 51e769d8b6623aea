"""What a run is made of: read once, checked whole, frozen. Only ``build`` and the command line look inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
)

from streamer.alerts import alert_of
from streamer.config_faults import describe, listed, told
from streamer.document import expanded, name_faults, parsed, room_faults, unset
from streamer.errors import ConfigError
from streamer.noted import Alert, Audit, Events, Timeline
from streamer.part import Part, Seconds, Share, Zone, list_of
from streamer.purposes import Purpose, purpose_of
from streamer.served import Latency, Notice, Server, WebRtc


def size_of(value: object) -> object:
    """'1280x720' as (1280, 720); a pair is left to the check that follows."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+)\s*[x×]\s*(\d+)\s*", value)
    if match is None:
        raise ValueError(f"expected WIDTHxHEIGHT such as 1280x720, got {value!r}")
    return int(match[1]), int(match[2])


ORDER = ("tensorrt", "tensorrt_rtx", "openvino", "onnxruntime")
"""The engines that are tried: the faster first."""

Size: TypeAlias = Annotated[
    tuple[Annotated[int, Field(ge=16, le=16384)], Annotated[int, Field(ge=16, le=16384)]], BeforeValidator(size_of)
]


def address_of(value: object) -> SecretStr:
    """The text as it is: a file's name need not be valid Unicode (pydantic's own text must be)."""
    if isinstance(value, SecretStr):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"expected the number of a camera or an address as text, got {type(value).__name__}")
    if not str(value).strip():
        raise ValueError("is empty; give a camera (0), a video file, synthetic: or lavfi:GRAPH")
    return SecretStr(str(value).strip())


def name_of(value: object) -> object:
    """A source's name, which becomes a part of file names."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]{,59}", value):
        raise ValueError(
            "a name starts with a letter A-Z or a digit; letters, digits, spaces, _ . - follow, 59 at most"
        )
    return value


def shorthand(value: object) -> object:
    """'webcam: 0' as 'webcam: {address: 0}'; anything else is left to the check that follows."""
    return {"address": value} if isinstance(value, int | str) and not isinstance(value, bool) else value


def rule_of(value: object) -> object:
    """'valence < -0.4 for 60 s, n >= 5' as a rule; anything else is left to the check that follows."""
    return alert_of(value) if isinstance(value, str) else value


def named(example: str) -> BeforeValidator:
    """Refuses what is no mapping from names, with an example of one."""

    def check(value: object) -> object:
        if not isinstance(value, Mapping):
            raise ValueError(f"expected names, as in {example}, got {type(value).__name__}")
        return value

    return BeforeValidator(check)


class Source(Part):
    """``address``: camera number, device, video file, ``rtsp://…``, ``webrtc:`` (a browser brings the picture),
    ``screen:…``, ``lavfi:…`` or ``synthetic:…``. ``stall``: seconds without a picture after which a network camera is
    given up and opened again. ``ca``: who must have signed the certificate of a camera at rtsps or https, a file in
    PEM; without it the connection is encrypted, but whoever answers is believed. ``zones`` of the picture, as shares,
    are painted over before it is looked at. The rest is for cameras.

    In a file ``webcam: 0`` is short for ``webcam: {address: 0}``.
    """

    address: Annotated[SecretStr, PlainValidator(address_of)]
    stall: Annotated[float, Field(ge=1, le=60)] = 4.0
    ca: Path | None = None
    mirror: bool = False
    size: Size | None = None
    fps: Annotated[float, Field(gt=0, le=240)] | None = None
    zones: Annotated[tuple[Zone, ...], Field(max_length=32)] = ()

    def at(self, address: str) -> Source:
        """The same at another address."""
        return self.model_copy(update={"address": SecretStr(address)})


class Room(Part):
    """One mood over one or more sources; ``smoothing`` is the meter's time constant in seconds. ``weighting``: one
    person, one vote (``equal``), or larger and more central faces more (``perceptual``). ``correction``: take the
    model's known mistakes out of the shares, where its card tells them. ``least``: people without whom nothing of the
    room leaves the machine; ``overlap``: its cameras may see the same people."""

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    smoothing: Seconds = 5.0
    weighting: Literal["equal", "perceptual"] = "equal"
    correction: bool = True
    least: Annotated[int, Field(ge=3, le=1000)] = 5
    overlap: bool = True


class Detector(Part):
    """``every``: detect on each k-th frame; ``auto`` follows the load of a live source and is 1 for a file.
    ``card``: of weights of one's own for the detector that is named."""

    name: str = "auto"
    card: str | None = None
    min_score: Share | None = None
    every: Annotated[int, Field(ge=1, le=30)] | Literal["auto"] = "auto"
    weights: Path | None = None


class Classifier(Part):
    """``card``: a card's name, or the path of one's own; ``interval``: seconds between two looks at one face."""

    card: str = "groupmood"
    interval: Annotated[float, Field(ge=0.02, le=10)] = 0.25
    weights: Path | None = None


class Engine(Part):
    """``order``: the engines to try, first to last. ``precision``: ``auto`` takes fp16 on a GPU where the accuracy gate
    lets it pass, and bf16 where the processor has it. ``threads`` of a CPU engine, ``gpu`` the number of the device and
    ``max_batch`` the most faces at once for a TensorRT engine. ``build``: whether one that is missing is built while a
    CPU engine works.
    """

    order: Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(list_of)] = ORDER
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    precision: Literal["auto", "fp32", "fp16"] = "auto"
    gpu: Annotated[int, Field(ge=0, le=63)] = 0
    max_batch: Annotated[int, Field(ge=1, le=32)] = 32
    build: bool = True


class Overlay(Part):
    """``blur`` faces; None: in what is recorded or sent on of a camera, a meeting or a screen."""

    blur: bool | None = None
    labels: bool = True
    meter: bool = True


class Output(Part):
    """Files to write: ``video`` the annotated mp4, ``results`` a line of JSON for each frame. ``hls``: a folder for a
    live stream of the annotated picture, ``push``: the RTSP server that it is sent to, ``virtual_camera``: show it as a
    camera of this computer (true, or the device's name)."""

    video: Path | None = None
    results: Path | None = None
    hls: Path | None = None
    push: SecretStr | None = None
    virtual_camera: bool | str = False


class Config(Part):
    """``sources`` and ``rooms`` by name; a source that no room names is a room of its own. ``purpose``: what for, as
    soon as anybody but the local user can be seen. ``timeline``: what is kept of the rooms, nothing without it;
    ``alerts`` by name."""

    sources: Annotated[
        dict[Annotated[str, BeforeValidator(name_of)], Annotated[Source, BeforeValidator(shorthand)]],
        Field(min_length=1),
        named("{webcam: {address: 0}}"),
    ]
    rooms: Annotated[dict[str, Room], named("{hall: {sources: [left, right]}}")] = Field(default_factory=dict)
    detector: Detector = Detector()
    classifier: Classifier = Classifier()
    engine: Engine = Engine()
    overlay: Overlay = Overlay()
    output: Output = Output()
    purpose: Annotated[Purpose | None, BeforeValidator(purpose_of)] = None
    notice: Notice = Notice()
    latency: Latency = Latency()
    server: Server = Server()
    webrtc: WebRtc = WebRtc()
    timeline: Timeline | None = None
    alerts: dict[str, Annotated[Alert, BeforeValidator(rule_of)]] = Field(default_factory=dict)
    events: Events = Events()
    audit: Audit = Audit()
    cache_dir: Path | None = None
    state_dir: Path | None = None

    def room_of(self, source: str) -> tuple[str, Room]:
        """The room that a source belongs to; one of its own where none names it."""
        for name, room in self.rooms.items():
            if source in room.sources:
                return name, room
        return source, Room(sources=(source,))


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a YAML file; '${NAME}' in a text is replaced from ``environ``.

    Raises:
        ConfigError: naming the file and everything that is wrong with it at once.
    """
    faults: list[str] = []
    return check(read(path, faults), environ, str(path), faults)


def read(path: Path, faults: list[str] | None = None) -> dict[str, Any]:
    """The mapping in a YAML file, unchecked. Keys given twice are added to ``faults`` where there is such a list.

    Raises:
        ConfigError: no file, not YAML, or not a mapping; without ``faults`` also a key given twice.
    """
    try:
        document, doubled = parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not a text file in UTF-8") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected a mapping with 'sources:', got {type(document).__name__}")
    if faults is None and doubled:
        raise listed(str(path), doubled)
    if faults is not None:
        faults += doubled
    return document


def check(
    document: Mapping[str, Any], environ: Mapping[str, str], where: str = "configuration", faults: Sequence[str] = ()
) -> Config:
    """The configuration that a mapping describes; ``faults`` are those already found.

    Raises:
        ConfigError: every fault, one a line, with its path.
    """
    found = list(faults)
    missing = list(unset(document, environ))
    if missing:
        found.append(f"not set in the environment: {', '.join(sorted({name for _, name in missing}))}")
    document = expanded(document, environ)
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        found += [describe(fault, Config) for fault in told(error, {path for path, _ in missing})]
    found += [*name_faults(document.get("sources")), *room_faults(document)]
    if found:
        raise listed(where, found)
    return config
