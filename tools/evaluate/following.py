"""What the commands that look at labelled media show while they do."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from streamer.build import Progress as Fetching
from tools.evaluate.looking import Watch

WIDE = 160

FAILED, INTERRUPTED = 3, 130
"""Exit codes: some media cannot be read; Ctrl-C."""


def following(progress: Progress, fetching: Fetching) -> Watch:
    """A bar for the medium that is being looked at."""
    tasks: list[TaskID] = []

    def begun(name: str, frames: int) -> None:
        for task in tasks:
            progress.remove_task(task)
        tasks[:] = [progress.add_task(escape(name), total=frames)]

    return Watch(begun, lambda: progress.advance(tasks[-1]), fetching)


def printer() -> Console:
    """Wide enough for the tables where the output is no terminal, which has no width."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def told(console: Console, failed: Mapping[str, str]) -> None:
    for name, reason in failed.items():
        console.print(f"left out: {reason if name in reason else f'{name}: {reason}'}", markup=False, soft_wrap=True)
