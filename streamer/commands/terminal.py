"""What the commands show in the terminal: quiet, aligned, and plain text where the output is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column, Table
from rich.text import Text

from streamer.metrics import Snapshot
from streamer.moments import sentence
from streamer.pipeline import Pipeline
from streamer.sinks.tally import Totals
from streamer.types import Moment

LOST = "dropped by "
"""How the metrics name what a sink never got."""

WIDE = 10_000
"""Columns of an output that is no terminal: whoever reads it breaks its lines, if anybody does."""

MOMENTS = 5
"""Lines about moments, of the largest ones."""

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)


@contextmanager
def fetching() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each model that is fetched; nothing is shown where nothing is."""
    progress = Progress(
        TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console
    )
    tasks: dict[str, TaskID] = {}

    def report(name: str, done: int, total: int) -> None:
        if not tasks:
            progress.start()
        if name not in tasks:
            tasks[name] = progress.add_task(name, total=total or None)
        progress.update(tasks[name], completed=done, total=total or None)

    try:
        yield report
    finally:
        if tasks:
            progress.stop()


def counting() -> Progress:
    """Bars for things that are counted, each with its name, how many a second (``unit``), and the time that is left;
    nothing where the output is no terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=24)),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        speed_estimate_period=600,
    )


class Rate(ProgressColumn):
    """How fast a task goes, in its ``unit``."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        text = "" if speed is None else f"{speed:.{1 if speed >= 1 else 2}f} {task.fields['unit']}/s"
        return Text(text, no_wrap=True)


def rows(lines: Sequence[tuple[str, str]]) -> None:
    """Names on the left, values on the right."""
    if not console.is_terminal:  # a table would fill every line with spaces up to the longest
        width = max((len(name) for name, _ in lines), default=0)
        for name, value in lines:
            console.print(f"{name:<{width}}   {value}", markup=False)
        return
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in lines:
        table.add_row(name, escape(value))
    console.print(table)


def escaped(text: str) -> str:
    """The text with what no terminal takes, bytes of a file name that are not UTF-8, escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def summary(totals: Totals, made: Pipeline, source: str, wall: float) -> list[tuple[str, str]]:
    """The lines that sum up a run of one source which took ``wall`` seconds."""
    snapshot = made.metrics.snapshot()
    processed = snapshot.count("processed", source)
    lines = [
        ("people", f"{totals.people} at once, {totals.tracks} {'id' if totals.tracks == 1 else 'ids'} in all"),
        ("mood", mood(totals)),
        *moments(totals.moments),
        ("shown", ", ".join(f"{label} {share:.0%}" for label, share in totals.labels[:5]) or "nobody"),
        ("frames", frames(snapshot, source)),
        ("speed", f"{processed / wall:.1f} frames a second" if wall > 0 else "too short to say"),
    ]
    for key, text in (("result age", "age of results"), ("picture age", "age of pictures")):
        timing = snapshot.timings.get((key, source))
        if timing is not None:
            lines.append((text, f"p50 {timing.p50 * 1000:.0f} ms, p95 {timing.p95 * 1000:.0f} ms"))
    return [*lines, ("models", made.about or "none was opened")]


def frames(snapshot: Snapshot, source: str) -> str:
    """Where the frames of a source went, and what was lost on the way."""
    captured, processed = snapshot.count("captured", source), snapshot.count("processed", source)
    paused, damaged = snapshot.count("paused", source), snapshot.count("damaged", source)
    parts = [f"{captured} captured", f"{processed - paused} analysed", f"{captured - processed} dropped"]
    parts += [f"{paused} shown while paused"] if paused else []
    parts += [f"{damaged} damaged packets skipped"] if damaged else []
    slow = {name.removeprefix(LOST): n for (name, of), n in snapshot.counts.items() if of == source and LOST in name}
    parts += [f"{count} never written by {sink}, which was too slow" for sink, count in slow.items() if count]
    return ", ".join(parts)


def mood(totals: Totals) -> str:
    if totals.valence is None:
        return "no data" if totals.people == 0 else "not enough evidence"
    sure = "" if totals.half is None else f" (±{totals.half:.2f})"
    last = "no data at the end" if totals.last_valence is None else f"{signed(totals.last_valence)} at the end"
    return f"valence {signed(totals.valence)}{sure} on average, {last} (−1 unpleasant … +1 pleasant)"


def signed(value: float | None) -> str:
    """Two decimals with their sign; 0.00 has none, and what is not known is "none"."""
    if value is None:
        return "none"
    text = f"{value:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text


def moments(found: Sequence[Moment]) -> list[tuple[str, str]]:
    """A line for each of the largest, in the order of time; the first one bears the name."""
    largest = sorted(found, key=lambda moment: -abs(moment.change))[:MOMENTS]
    told = sorted(largest, key=lambda moment: moment.start)
    lines = [f"{clock(moment.start)} {sentence(moment)}" for moment in told]
    return [("" if number else "moments", line) for number, line in enumerate(lines)]


def clock(seconds: float) -> str:
    """'0:14', '1:01:05' from an hour on; whole seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
