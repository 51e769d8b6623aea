"""Where what is kept lies: the state folder and the timeline in it, for nobody but the user."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from streamer.errors import SinkError

NAME = "timeline.sqlite"


def state_dir(configured: Path | None = None) -> Path:
    """The folder for what outlives a run, made with mode 0700 where it is missing; without a configured one the
    system's place for it. A configured folder that is there already keeps its mode; the system's place is closed.

    Raises:
        SinkError: it cannot be made.
    """
    folder = configured or platformdirs.user_state_path("groupmood", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if configured is None and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise SinkError(f"cannot make the state folder {folder}: {error.strerror}; name another place") from error
    return folder


def timeline_path(file: Path | None = None, configured: Path | None = None) -> Path:
    """The timeline: ``file`` where one is named, else ``timeline.sqlite`` in the state folder, which is made.

    Raises:
        SinkError: the folder cannot be made.
    """
    return file or state_dir(configured) / NAME
