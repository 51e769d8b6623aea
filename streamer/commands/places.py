"""Where that which a command reads or deletes is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from streamer.config import load
from streamer.timeline.places import state_dir, timeline_path


@dataclass(frozen=True, slots=True)
class Places:
    """``timeline``: its file. ``state``: the state folder that a configuration names, None for the system's."""

    timeline: Path
    state: Path | None = None

    def kept(self, name: str) -> Path | None:
        """The file of that name where there is one: in the state folder of the configuration, beside the timeline, or
        in the system's state folder.

        Raises:
            SinkError: that folder cannot be made.
        """
        return next((folder / name for folder in self._folders() if (folder / name).exists()), None)

    def _folders(self) -> Iterator[Path]:
        if self.state is not None:
            yield self.state
        yield self.timeline.parent
        yield state_dir()


def places(config: Path | None, timeline: Path | None, environ: Mapping[str, str]) -> Places:
    """The timeline as it is named, else where the configuration keeps it, else in the state folder.

    Raises:
        ConfigError: the configuration cannot be used. SinkError: the state folder cannot be made.
    """
    if config is None:
        return Places(timeline_path(timeline))
    chosen = load(config, environ)
    file = timeline or (chosen.timeline.file if chosen.timeline else None)
    return Places(timeline_path(file, chosen.state_dir), chosen.state_dir)
