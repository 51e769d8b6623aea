"""``groupmood check FILE``: every fault of a configuration at once; nothing is opened or fetched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from engines.errors import ModelRejected
from streamer import build
from streamer.alerts import rules_of
from streamer.commands.terminal import console, rows
from streamer.config import Config, load
from streamer.config_faults import listed
from streamer.errors import ConfigError
from streamer.inlet import Inlet
from streamer.keeping import check_rooms
from streamer.outbox import check_events
from streamer.purposes import PURPOSES
from streamer.sources.address import parse


def check(file: Path, environ: Mapping[str, str]) -> int:
    """Raises:
    ConfigError, ModelRejected: with every fault.
    """
    config = load(file, environ)
    faults = [*source_faults(config), *event_faults(config)]
    try:
        needed = build.cards(config)
    except (ConfigError, ModelRejected) as error:
        if not faults:
            raise
        raise listed(str(file), [*faults, *str(error).splitlines()]) from None
    if faults:
        raise listed(str(file), faults)
    console.print(f"{file} is fine", markup=False)
    rows([*described(config), ("models", ", ".join(card.name for card in needed))])
    return 0


def source_faults(config: Config) -> Iterator[str]:
    """What a run would refuse before it opens anything: an address of an unknown kind, a wrong scene, no purpose."""
    extras = build.Extras(inlets={name: Inlet(name) for name in config.sources})
    for name, settings in config.sources.items():
        try:
            build.source(name, settings, threading.Event(), extras)
        except ConfigError as error:
            yield f"sources.{name}.address: {error}"
        else:
            if config.purpose is None and build.others_before(settings):
                yield f"purpose: is required, because others than you may be seen by {name}: {', '.join(PURPOSES)}"


def event_faults(config: Config) -> Iterator[str]:
    """What cannot be carried out of alerts and events."""
    rooms = tuple(dict.fromkeys(config.room_of(name)[0] for name in config.sources))
    checks: tuple[Callable[[], object], ...] = (
        partial(check_events, config.events),
        partial(rules_of, config.alerts),
        partial(check_rooms, [(name, alert.room) for name, alert in config.alerts.items()], rooms),
    )
    for one in checks:
        try:
            one()
        except ConfigError as error:
            yield from str(error).splitlines()


def described(config: Config) -> list[tuple[str, str]]:
    """Each source with its room and its address, without its secrets."""
    return [
        (f"source {name}", f"{parse(source.address.get_secret_value())}, room {config.room_of(name)[0]}")
        for name, source in config.sources.items()
    ]
