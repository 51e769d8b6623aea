"""Where that which a command reads or deletes is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streamer.config import load
from streamer.timeline.places import state_dir, timeline_path


@dataclass(frozen=True, slots=True)
class Places:
    """``timeline``: its file. ``state``: the state folder of a configuration, None where none is named."""

    timeline: Path
    state: Path | None = None

    def kept(self, name: str) -> Path | None:
        """The file of that name where there is one: in the configuration's state folder, or beside the timeline."""
        folders = [self.timeline.parent] if self.state is None else [self.state, self.timeline.parent]
        return next((folder / name for folder in folders if (folder / name).exists()), None)


def places(config: Path | None, timeline: Path | None, environ: Mapping[str, str]) -> Places:
    """The timeline as it is named, else where the configuration keeps it, else in the state folder.

    Raises:
        ConfigError: the configuration cannot be used. SinkError: the state folder cannot be made.
    """
    if config is None:
        return Places(timeline_path(timeline))
    chosen = load(config, environ)
    file = timeline or (chosen.timeline.file if chosen.timeline else None)
    return Places(timeline_path(file, chosen.state_dir), state_dir(chosen.state_dir))
