"""``groupmood check FILE``: every fault of a configuration at once; nothing is opened or fetched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from streamer.build import cards
from streamer.commands.terminal import console, rows
from streamer.config import Config, load
from streamer.sources.address import parse


def check(file: Path, environ: Mapping[str, str]) -> int:
    """Raises:
    ConfigError, ModelRejected: with every fault.
    """
    config = load(file, environ)
    needed = cards(config)
    console.print(f"{file} is fine")
    rows([*described(config), ("models", ", ".join(card.name for card in needed))])
    return 0


def described(config: Config) -> list[tuple[str, str]]:
    """Each source with its room and its address, without its secrets."""
    return [
        (f"source {name}", f"{parse(source.address.get_secret_value())}, room {config.room_of(name)[0]}")
        for name, source in config.sources.items()
    ]
