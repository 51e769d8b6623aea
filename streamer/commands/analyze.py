"""``groupmood analyze``: pictures and recorded videos, offline; what cannot be read is listed, the rest goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import cv2
from rich.progress import Progress

from streamer import build
from streamer.analyzer import Models
from streamer.commands.setup import configured, ready
from streamer.commands.terminal import console, counting, escaped, rows
from streamer.config import Config, Output
from streamer.errors import SinkError, SourceError
from streamer.sinks.jsonl import JsonLines
from streamer.sinks.plain import Unmanaged
from streamer.sinks.png import write_png
from streamer.sinks.tables import FACES, GROUPS, Table, face_rows, group_row
from streamer.sinks.tally import Tally
from streamer.sinks.target import failed, free_name
from streamer.sources.images import RESULTS, Media, find_media, read_image
from streamer.sources.preflight import facts
from streamer.sources.regular import printable
from streamer.trackers.still import StillTracker
from streamer.types import Frame, FrameResult

FAILED, INTERRUPTED = 3, 130
LINES, PICTURES = RESULTS
OUTPUTS = (LINES, "faces.csv", "groups.csv")
DETECTOR = "centerface"
"""Where neither the options nor the file name one: pictures of groups have small faces, and nobody waits for them."""


def analyze(
    paths: Sequence[Path],
    out: Path,
    file: Path | None,
    overrides: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    offline: bool,
) -> int:
    """0, 3 where some of the files failed, or 130 after Ctrl-C.

    Raises:
        StreamerError, EngineError: nothing could be done at all, or the results cannot be written any more.
    """
    config = with_detector(configured(file, {**overrides, "source": "pictures"}, environ))
    media = find_media(paths)
    outcome = Outcome(media)
    if not media.images and not media.videos:
        told(outcome.failed)
        return FAILED
    refuse_earlier(out)
    ready(config, offline=offline)
    cv2.setNumThreads(1)
    with folder(out / PICTURES) as pictures, Book(out) as book:
        work_through(media, config, pictures, book, outcome)
    report(out, book, outcome)
    return outcome.code()


def with_detector(config: Config) -> Config:
    if "name" in config.detector.model_fields_set:
        return config
    return config.model_copy(update={"detector": config.detector.model_copy(update={"name": DETECTOR})})


def refuse_earlier(out: Path) -> None:
    """Raises:
    SinkError: the folder has results already.
    """
    there = [name for name in OUTPUTS if (out / name).exists()]
    if there:
        raise SinkError(f"{out} has {there[0]} already, which is not overwritten; name another folder")


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """A folder to write into. Whatever of it had to be made, and is empty at the end, goes again.

    Raises:
        SinkError: it cannot be made.
    """
    made: list[Path] = []
    try:
        try:
            made += [part for part in (path, *path.parents) if not part.exists()]
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"cannot make the folder {path}: {error.strerror}; name another with --out") from None
        yield path
    finally:
        for part in made:
            with suppress(OSError):  # it is not empty
                part.rmdir()


class BookError(SinkError):
    """The results themselves cannot be written down: those of the next file could not, either."""


class Book:
    """What is written down of every result: JSON lines, a table of faces, one of groups. They begin with the first
    result; without any nothing is touched."""

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
        """Raises:
        BookError: it cannot be written.
        """
        try:
            self._lines.write(result)
            self._faces.write_rows(face_rows(result))
            self._groups.write_rows([group_row(result)])
        except SinkError as error:
            raise BookError(str(error)) from error
        self.tally.write(result)


class Outcome:
    """What became of the files: how many are ``done``, why the others ``failed``, and whether all were looked at."""

    def __init__(self, media: Media) -> None:
        self.total = len(media.images) + len(media.videos) + len(media.unreadable)
        self.failed = {unreadable.path: unreadable.reason for unreadable in media.unreadable}
        self.done = 0
        self.interrupted = False

    def attempt(self, path: Path, work: Callable[[Path], None]) -> None:
        """Raises:
        EngineError, BookError: what would fail for every other file too.
        """
        try:
            work(path)
        except BookError:
            raise
        except (SourceError, SinkError) as error:
            self.failed[path] = str(error)
        else:
            self.done += 1

    def code(self) -> int:
        return INTERRUPTED if self.interrupted else FAILED if self.failed else 0

    def __str__(self) -> str:
        done = f"interrupted, {self.done} of {self.total} files done" if self.interrupted else f"{self.done} done"
        return f"{done}, {len(self.failed)} failed"


def work_through(media: Media, config: Config, pictures: Path, book: Book, outcome: Outcome) -> None:
    """Every picture, then every video, up to Ctrl-C; what they show is drawn into files in the folder ``pictures``."""
    with counting() as progress:
        files = progress.add_task("files", total=len(media.images) + len(media.videos), unit="files")

        def each(paths: Sequence[Path], work: Callable[[Path], None]) -> None:
            for path in paths:
                outcome.attempt(path, work)
                progress.advance(files)

        try:
            if media.images:
                with build.models(config) as models:
                    each(media.images, lambda path: picture(path, config, models, pictures, book))
            each(media.videos, lambda path: video(path, config, pictures, book, progress))
        except KeyboardInterrupt:
            outcome.interrupted = True


def picture(path: Path, config: Config, models: Models, pictures: Path, book: Book) -> None:
    """One picture is a group of its own: nothing is carried over from another."""
    frame = Frame(str(path), 0, 0.0, time.monotonic(), read_image(path))
    (mood,) = build.moods(config).values()
    analysis = build.analyzer(config, models, mood, live=False, tracker=StillTracker())
    result = analysis.process(frame)
    drawn = build.overlay(config, trend=False).draw(frame, result, build.view(config), None)
    write_png(free(pictures / f"{path.stem}.png"), drawn.image)
    book.add(result)


class Copied(Unmanaged):
    """A result sink that passes results on, to where they are written down for the other files, too."""

    def __init__(self, receive: Callable[[FrameResult], None]) -> None:
        self.write = receive


def video(path: Path, config: Config, pictures: Path, book: Book, progress: Progress) -> None:
    """One video through the pipeline of the live run, as fast as it goes.

    Raises:
        KeyboardInterrupt: for the pipeline Ctrl-C ends the video, here it ends the run.
    """

    def receive(result: FrameResult) -> None:
        try:
            book.add(result)
        except BookError:
            made.stop()
            raise
        progress.advance(task)

    frames = facts(path).frames
    one = alone(config, path, free(pictures / f"{path.stem}.mp4"))
    made = build.pipeline(one, build.Extras(result_sinks=(Copied(receive),)))
    task = progress.add_task(printable(Path(path.name)), total=frames, unit="frames")
    try:
        made.run()
    finally:
        progress.remove_task(task)
        if made.interrupted:
            raise KeyboardInterrupt
    for _, error in made.failed:
        raise error if isinstance(error, BookError) else SinkError(str(error))


def alone(config: Config, path: Path, target: Path) -> Config:
    """The same for one video and its annotated copy; outputs that a file of configuration names are for a run."""
    ((name, source),) = config.sources.items()
    sources = {str(path): source.at(str(path.absolute()))}  # absolute: "lavfi:x.mp4" is a file here
    room, rules = config.room_of(name)
    rooms = {room: rules.model_copy(update={"sources": (str(path),)})}
    return config.model_copy(update={"sources": sources, "rooms": rooms, "output": Output(video=target)})


def free(path: Path) -> Path:
    """``path``, or one like it that nothing has yet.

    Raises:
        SinkError: the system takes no such name.
    """
    try:
        return free_name(path)
    except OSError as error:
        raise failed(path, error) from error


def report(out: Path, book: Book, outcome: Outcome) -> None:
    """What was found, where it lies, and what failed with its reason."""
    totals = book.tally.totals()
    written = f"{printable(out)}: {', '.join(OUTPUTS)}, {PICTURES}/" if totals.frames else "nothing"
    rows(
        [
            ("files", str(outcome)),
            ("people", f"{totals.people} at most in one frame"),
            ("shown", ", ".join(f"{label} {share:.0%}" for label, share in totals.labels[:5]) or "no faces"),
            ("written", written),
        ]
    )
    told(outcome.failed)


def told(failures: Mapping[Path, str]) -> None:
    for path, reason in failures.items():
        name = printable(path)
        console.print(f"failed: {escaped(reason if name in reason else f'{name}: {reason}')}", markup=False)
