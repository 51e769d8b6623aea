"""What the commands show in the terminal: quiet, aligned, and plain text where the output is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from streamer.pipeline import Pipeline
from streamer.sinks.tally import Totals

console = Console(highlight=False, soft_wrap=True)


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


def rows(lines: Sequence[tuple[str, str]]) -> None:
    """Names on the left, values on the right."""
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in lines:
        table.add_row(name, escape(value))
    console.print(table)


def summary(totals: Totals, made: Pipeline, source: str, wall: float) -> list[tuple[str, str]]:
    """The lines that sum up a run of one source which took ``wall`` seconds."""
    snapshot = made.metrics.snapshot()
    captured, processed = snapshot.count("captured", source), snapshot.count("processed", source)
    lines = [
        ("people", f"{totals.people} at once, {totals.tracks} {'id' if totals.tracks == 1 else 'ids'} in all"),
        ("mood", mood(totals)),
        ("shown", ", ".join(f"{label} {share:.0%}" for label, share in totals.labels[:5]) or "nobody"),
        ("frames", f"{captured} captured, {processed} analysed, {captured - processed} dropped"),
        ("speed", f"{processed / wall:.1f} frames a second" if wall > 0 else "too short to say"),
    ]
    for key, text in (("result age", "age of results"), ("picture age", "age of pictures")):
        timing = snapshot.timings.get((key, source))
        if timing is not None:
            lines.append((text, f"p50 {timing.p50 * 1000:.0f} ms, p95 {timing.p95 * 1000:.0f} ms"))
    return [*lines, ("models", made.about or "none was opened")]


def mood(totals: Totals) -> str:
    if totals.valence is None:
        return "no data" if totals.people == 0 else "not enough evidence"
    last = "no data at the end" if totals.last_valence is None else f"{totals.last_valence:+.2f} at the end"
    return f"valence {totals.valence:+.2f} on average, {last} (−1 unpleasant … +1 pleasant)"
