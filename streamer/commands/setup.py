"""A configuration from a file and the options of the command line, which win."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamer.build import fetch_weights
from streamer.commands.terminal import fetching
from streamer.config import Config, check, read
from streamer.errors import ConfigError
from streamer.sources.address import parse

CAMERA_OPTIONS = ("mirror", "size", "fps")


def configured(file: Path | None, overrides: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    """``overrides``: 'part.key' or 'source', 'mirror', 'size', 'fps'; None leaves what the file says.

    Raises:
        ConfigError: every fault at once; or there is no source at all.
    """
    document = read(file) if file else {}
    given = {key: value for key, value in overrides.items() if value is not None}
    if "source" in given:
        document = {**document, "sources": {name_of(given["source"]): {"address": given["source"]}}, "rooms": {}}
    sources = document.get("sources")
    if not sources:
        raise ConfigError("no source: give a camera (0), a video file, synthetic: or lavfi:…, or --config with sources")
    for key in CAMERA_OPTIONS:
        if key in given and isinstance(sources, dict):
            for source in sources.values():
                source[key] = given[key]
    for path, value in given.items():
        part, _, key = path.partition(".")
        if key:
            document[part] = {**(document.get(part) or {}), key: value}
    return check(document, environ, str(file) if file else "command line")


def name_of(source: str) -> str:
    """A short name for what stands on the command line: 'webcam', 'synthetic', 'lavfi' or a file's name."""
    address = parse(source)
    if address.kind == "file":
        return Path(address.value).stem or "video"
    return {"camera": "webcam", "device": "webcam", "url": "camera"}.get(address.kind, address.kind)


def ready(config: Config, *, offline: bool) -> None:
    """Bring the weights that are missing, with a progress bar, before anything opens.

    Raises:
        EngineError: they cannot be had.
    """
    with fetching() as progress:
        fetch_weights(config, offline=offline, progress=progress)
