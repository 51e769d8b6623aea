"""A service with the server that listens for it: made beside the one that runs, so that it can be refused in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamer.build import outputs
from streamer.commands.setup import ready
from streamer.config import Config
from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.service import Service, planned, service
from streamer.web.server import WebServer

ANSWER = 5.0
"""Seconds within which the web's loop comes to what it is asked, if it is well."""


@dataclass(frozen=True, slots=True)
class Turn:
    """``config`` as it was read; ``made`` and ``server`` of it, used once; ``files``: see certificates().
    ``number`` counts from 1 in a process."""

    config: Config
    made: Service
    server: WebServer
    files: tuple[tuple[int, int], ...] = ()
    number: int = 1

    def is_of(self, config: Config) -> bool:
        """Whether it is what ``config`` asks for, with the certificate that is there now."""
        return self.config == config and self.files == certificates(config)

    def stop(self) -> None:
        self.made.pipeline.stop()

    def discard(self) -> None:
        self.server.close()
        self.made.doors.close()


def turn(config: Config, *, offline: bool, before: Turn | None = None) -> Turn:
    """What runs next, listening already; ``before``: what runs now, whose listening port is kept.

    Raises:
        ConfigError, EngineError, SinkError: it cannot run; ``before`` is as it was.
    """
    planned(config)  # says what is not allowed before anything is fetched
    if before is not None:
        check_place(config, before.config)
    ready(config, offline=offline)
    number = 1 if before is None else before.number + 1
    made = service(beside(config, number))
    kept = before is not None and place(config) == place(before.config)
    files = certificates(config)
    server = WebServer(made.site, listening=before.server.hand_on() if before is not None and kept else ())
    server.open()
    return Turn(config, made, server, files, number)


def certificates(config: Config) -> tuple[tuple[int, int], ...]:
    """Time of the last change (ns) and size of the certificate and the key: these are renewed in place."""
    paths = (path for path in (config.server.certificate, config.server.key) if path is not None and path.exists())
    return tuple((found.st_mtime_ns, found.st_size) for found in map(Path.stat, paths))


def place(config: Config) -> tuple[str, int]:
    return config.server.host, config.server.port


def check_place(config: Config, before: Config) -> None:
    """
    Raises:
        ConfigError: it would listen at another host's same port, which is not free before this process ends.
    """
    (host, port), (old, same) = place(config), place(before)
    if host != old and port == same != 0:
        raise ConfigError(f"server: host {host} in place of {old} at the same port {port} needs a restart")


def beside(config: Config, number: int) -> Config:
    """The same with files of its own for what is written by a later turn: none is written over."""
    output = config.output
    named = {
        key: free(config, path, key, number)
        for key, path in (("video", output.video), ("results", output.results))
        if path is not None and number > 1
    }
    return config.model_copy(update={"output": output.model_copy(update=named)}) if named else config


def free(config: Config, path: Path, key: str, number: int) -> Path:
    """``name-NUMBER.ext`` with the first number, from ``number``, under which no source has a file."""
    while True:
        wanted = path.with_stem(f"{path.stem}-{number}")
        asked = config.model_copy(update={"output": config.output.model_copy(update={key: wanted})})
        of = 0 if key == "video" else 1
        if not any(found.exists() for name in config.sources if (found := outputs(asked, name)[of]) is not None):
            return wanted
        number += 1


class Progress:
    """Whether things go on, asked from time to time: pictures that come are analysed, and the web's loop answers."""

    def __init__(self) -> None:
        self._last: tuple[Metrics | None, int, int] = (None, 0, 0)

    def goes_on(self, metrics: Metrics, answers: Callable[[float], bool]) -> bool:
        """``metrics`` of the pipeline of now; ``answers``: see WebServer.answers()."""
        counts = metrics.snapshot().counts
        captured, done = (
            sum(count for (name, _), count in counts.items() if name in names)
            for names in (("captured",), ("processed", "skipped"))
        )
        before, self._last = self._last, (metrics, captured, done)
        stuck = before[0] is metrics and captured > before[1] and done == before[2]
        return not stuck and answers(ANSWER)
