"""``groupmood audit verify | head``."""

from __future__ import annotations

from pathlib import Path

from streamer import audit
from streamer.commands.terminal import console


def verify(path: Path, noted: str | None) -> int:
    """Say whether the log is as it was written: 0 where it is, 1 where not. ``noted``: its head as noted before.

    Raises:
        ConfigError: it cannot be read.
    """
    found = audit.verify(path, noted)
    say(f"{path}: {found.lines} entries" + (f", {found.first} to {found.last}" if found.lines else ""))
    if found.interrupted:
        say(f"interrupted {times(found.interrupted)}: a line was torn off (killed, or the disk was full) and is kept")
    if found.fault:
        console.print(f"not as it was written: {found.fault}", style="red", highlight=False, markup=False)
        return 1
    if noted is None:
        say("each line follows on the one before it; lines cut off at the end show only against a noted head")
    else:
        say(f"each line follows on the one before it; the noted head is in it, {found.after} entries came after")
    say(f"head: {found.head}")
    return 0


def head(path: Path) -> int:
    """Say the newest entry's SHA-256, and nothing else, for other programs.

    Raises:
        ConfigError: the log cannot be read.
    """
    say(audit.head(path))
    return 0


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def say(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
