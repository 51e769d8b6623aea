"""``groupmood analyze``: pictures and recorded videos, offline; what cannot be read is listed, the rest goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import cv2
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from engines.errors import EngineError
from streamer import build
from streamer.analyzer import Models
from streamer.commands.setup import configured, ready
from streamer.commands.terminal import console, rows
from streamer.config import Config
from streamer.errors import SinkError, SourceError
from streamer.mood import RoomMood
from streamer.overlay import Overlay
from streamer.sinks.jsonl import JsonLines
from streamer.sinks.png import write_png
from streamer.sinks.tables import FACES, GROUPS, Table, face_rows, group_row
from streamer.sinks.tally import Tally
from streamer.sources.images import Media, find_media, read_image
from streamer.sources.preflight import facts
from streamer.trackers.still import StillTracker
from streamer.types import Frame, FrameResult

FAILED = 3
OUTPUTS = ("results.jsonl", "faces.csv", "groups.csv")
PICTURES = "annotated"


def analyze(
    paths: Sequence[Path],
    out: Path,
    file: Path | None,
    overrides: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    offline: bool,
) -> int:
    """0, or 3 where some of the files failed.

    Raises:
        StreamerError, EngineError: nothing could be done at all.
    """
    config = configured(file, {**overrides, "source": "pictures"}, environ)
    media = find_media(paths)
    failed = {unreadable.path: unreadable.reason for unreadable in media.unreadable}
    if not media.images and not media.videos:
        told(failed)
        return FAILED
    prepare(out)
    ready(config, offline=offline)
    cv2.setNumThreads(1)
    with Book(out) as book:
        failed |= work_through(media, config, out, book)
    report(media, out, book, failed)
    return FAILED if failed else 0


def prepare(out: Path) -> None:
    """Raises:
    SinkError: the folder cannot be made, or has results already.
    """
    there = [name for name in OUTPUTS if (out / name).exists()]
    if there:
        raise SinkError(f"{out} has {there[0]} already, which is not overwritten; name another folder")
    try:
        (out / PICTURES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"cannot make the folder {out}: {error.strerror}") from None


class Book:
    """What is written down of every result: JSON lines, a table of faces, one of groups."""

    def __init__(self, out: Path) -> None:
        self._lines = JsonLines(out / OUTPUTS[0])
        self._faces, self._groups = Table(out / OUTPUTS[1], FACES), Table(out / OUTPUTS[2], GROUPS)
        self.tally = Tally()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for part in (self._lines, self._faces, self._groups):
                stack.enter_context(part)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, result: FrameResult) -> None:
        self._lines.write(result)
        for row in face_rows(result):
            self._faces.row(row)
        self._groups.row(group_row(result))
        self.tally.write(result)


class Copied:
    """A result sink that passes results on to the book, which stays open for the next file."""

    def __init__(self, *receivers: Callable[[FrameResult], None]) -> None:
        self._receivers = receivers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def write(self, result: FrameResult) -> None:
        for receive in self._receivers:
            receive(result)


def work_through(media: Media, config: Config, out: Path, book: Book) -> dict[Path, str]:
    """Every picture, then every video; the reasons of those that failed."""
    failed: dict[Path, str] = {}
    names = target_names([*media.images, *media.videos])
    with bar() as progress:
        files = progress.add_task("files", total=len(names), speed="")
        start = time.monotonic()
        with build.models(config) as models:
            for path in media.images:
                attempt(path, failed, lambda p: picture(p, config, models, out / PICTURES / f"{names[p]}.png", book))
                advance(progress, files, start)
        for path in media.videos:
            attempt(path, failed, lambda p: video(p, config, out / PICTURES / f"{names[p]}.mp4", book, progress))
            advance(progress, files, start)
    return failed


def bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        console=console,
    )


def advance(progress: Progress, task: TaskID, start: float) -> None:
    done = progress.tasks[task].completed + 1
    progress.update(task, completed=done, speed=f"{done / max(1e-9, time.monotonic() - start):.1f} files/s")


def attempt(path: Path, failed: dict[Path, str], work: Callable[[Path], None]) -> None:
    """Raises:
    EngineError, SinkError: what would fail for every other file too.
    """
    try:
        work(path)
    except (SinkError, EngineError):
        raise
    except SourceError as error:
        failed[path] = str(error)


def target_names(paths: Sequence[Path]) -> dict[Path, str]:
    """A file name for each path, the same for none: 'party', 'party-2' …"""
    names: dict[Path, str] = {}
    for path in paths:
        name, number = path.stem, 1
        while name in names.values():
            number += 1
            name = f"{path.stem}-{number}"
        names[path] = name
    return names


def picture(path: Path, config: Config, models: Models, target: Path, book: Book) -> None:
    """One picture is a group of its own: nothing is carried over from another."""
    frame = Frame(str(path), 0, 0.0, time.monotonic(), read_image(path))
    analysis = build.analyzer(config, models, RoomMood(), live=False, tracker=StillTracker())
    result = analysis.process(frame)
    drawn = Overlay(trend=False).draw(frame, result, build.view(config), None)
    write_png(target, drawn.image)
    book.add(result)


def video(path: Path, config: Config, target: Path, book: Book, progress: Progress) -> None:
    """One video through the pipeline of the live run, as fast as it goes."""
    frames = facts(path).frames
    task = progress.add_task(path.name, total=frames, speed="")
    one = config.model_copy(
        update={
            "sources": {str(path): config.sources[next(iter(config.sources))].at(str(path))},
            "output": config.output.model_copy(update={"video": target}),
        }
    )
    sink = Copied(book.add, lambda _: progress.advance(task))
    try:
        made = build.pipeline(one, build.Extras(result_sinks=(sink,)))
        made.run()
    finally:
        progress.remove_task(task)
    if made.failed:
        raise SinkError(str(made.failed[0][1]))


def report(media: Media, out: Path, book: Book, failed: Mapping[Path, str]) -> None:
    """What was found, where it lies, and what failed with its reason."""
    totals = book.tally.totals()
    done = len(media.images) + len(media.videos) + len(media.unreadable) - len(failed)
    shown = ", ".join(f"{label} {share:.0%}" for label, share in totals.labels[:5]) or "no faces"
    rows(
        [
            ("files", f"{done} done, {len(failed)} failed"),
            ("people", f"{totals.people} at most in one frame"),
            ("shown", shown),
            ("written", f"{out}: {', '.join(OUTPUTS)}, {PICTURES}/"),
        ]
    )
    told(failed)


def told(failed: Mapping[Path, str]) -> None:
    for path, reason in failed.items():
        console.print(f"failed: {reason if str(path) in reason else f'{path}: {reason}'}", markup=False)
