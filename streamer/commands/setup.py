"""A configuration from a file and the options of the command line, which win."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamer.build import fetch_weights
from streamer.commands.terminal import fetching
from streamer.config import Config, check, read, shorthand
from streamer.errors import ConfigError
from streamer.sinks.target import file_word
from streamer.sources.address import parse


@dataclass(frozen=True, slots=True)
class Serving:
    """What ``groupmood serve`` is asked for."""

    config: Path | None
    overrides: Mapping[str, Any]
    max_seconds: float | None
    open_page: bool
    offline: bool


CAMERA_OPTIONS = ("mirror", "size", "fps")


def configured(file: Path | None, overrides: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    """``overrides``: 'part.key' or 'source', 'purpose', 'mirror', 'size', 'fps'; None leaves what the file says.

    Raises:
        ConfigError: every fault at once; or there is no source at all.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    if file is None and "source" not in given:
        raise ConfigError("no source: give a camera (0), a video file, synthetic: or lavfi:…, or --config with sources")
    faults: list[str] = []
    document = read(file, faults) if file else {}
    if "source" in given:
        document = pointed(document, given["source"])
    camera = {key: given[key] for key in CAMERA_OPTIONS if key in given}
    sources = document.get("sources")
    if camera and isinstance(sources, Mapping):
        document["sources"] = {name: merged(shorthand(source), camera) for name, source in sources.items()}
    if "purpose" in given:
        document["purpose"] = given["purpose"]
    for path, value in given.items():
        part, _, key = path.partition(".")
        if key:
            document[part] = merged(document.get(part), {key: value})
    return check(document, environ, str(file) if file else "command line", faults)


def pointed(document: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The document with its only source at another address, or else with one new source instead of all others."""
    sources = document.get("sources")
    if isinstance(sources, Mapping) and len(sources) == 1:
        ((name, source),) = sources.items()
        return {**document, "sources": {name: merged(shorthand(source), {"address": address})}}
    return {**document, "sources": {name_of(address): {"address": address}}, "rooms": {}}


def merged(part: object, settings: Mapping[str, Any]) -> object:
    """What a file says of a part, with the settings over it; what is no mapping is left for the check to refuse."""
    if part is None:
        return dict(settings)
    return {**part, **settings} if isinstance(part, Mapping) else part


def name_of(source: str) -> str:
    """A short name for what stands on the command line: 'webcam', 'synthetic', 'lavfi' or from a file's name; one
    that a configuration would take."""
    address = parse(source)
    if address.kind == "file":
        stem = Path(address.value).stem
        return file_word(stem).lstrip("-._") if re.search("[A-Za-z0-9]", stem) else "video"
    names = {"camera": "webcam", "device": "webcam", "url": "camera", "webrtc": "meeting"}
    return names.get(address.kind, address.kind)


def ready(config: Config, *, offline: bool) -> None:
    """Bring the weights that are missing, with a progress bar, before anything opens.

    Raises:
        EngineError: they cannot be had.
    """
    with fetching() as progress:
        fetch_weights(config, offline=offline, progress=progress)
