"""From the command line to the page, and to the end."""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import signal
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.errors import EngineError
from streamer.commands.terminal import console, counting, escaped
from streamer.config import Config
from streamer.sources.regular import printable
from streamer.web.app import Offer
from streamer.web.server import WebServer
from streamer.web.site import Access, Tokens
from tools.label.api import Room, offered
from tools.label.desk import Desk
from tools.label.detecting import Detecting, fetch, made, settings_of
from tools.label.opening import Opened, file_of, opened
from tools.label.pictures import Pictures
from tools.label.proposals import Proposals

DETECTOR = "centerface"
"""Pictures of groups have small faces, and nobody waits for the camera."""


def session(arguments: argparse.Namespace, annotator: str) -> None:
    """Serve the page until Ctrl-C or a stop signal.

    Raises:
        StreamerError, EngineError: in one line what is wrong; nothing was overwritten.
    """
    name, file = arguments.detector or DETECTOR, file_of(arguments.paths, arguments.labels)
    settings = settings_of(name)
    with looking() as told:
        work = opened(file, arguments.paths, annotator, told)
    warnings = [*work.left_out, *work.faults.values(), *fetched(settings, arguments)]
    detecting = Detecting(made, offline=arguments.offline)
    if work.labels != work.saved.labels:
        work.saved.save(work.labels)
    token = secrets.token_urlsafe(24)
    access = Access(port=arguments.port, tokens=Tokens(admin=token), cookie=cookie_of(file))
    with WebServer(offer_of(access, work, annotator, name, detecting)) as server:
        url = f"{server.url}/#token={token}"
        announce(work, file, url, warnings)
        if arguments.open:
            webbrowser.open(url)
        wait()


@contextmanager
def looking() -> Iterator[Callable[[int, int], None]]:
    """A bar while the media are looked at."""
    with counting() as progress:
        task = progress.add_task("looking at the media", total=None, unit="files")
        yield lambda done, total: progress.update(task, completed=done, total=total)


def fetched(settings: Config, arguments: argparse.Namespace) -> list[str]:
    """Bring the weights before anything opens. Without those of a detector that nobody named, boxes can be drawn.

    Raises:
        EngineError: a detector that was named cannot be had.
    """
    try:
        fetch(settings, offline=arguments.offline)
    except EngineError as error:
        if arguments.detector:
            raise
        return [f"no boxes can be proposed, draw them by hand: {error}"]
    return []


def offer_of(access: Access, work: Opened, annotator: str, detector: str, detecting: Detecting) -> Offer:
    """The page over what was opened. The media stay the same while it is served, so any thread may know them."""
    media = work.labels.media
    desk = Desk(work.labels, work.saved.save, annotator, work.faults)
    pictures = Pictures(lambda index, frame: work.media.frame(media[index], frame).image)
    proposals = Proposals(desk, detecting, pictures.image, lambda index: work.media.frames(media[index]))
    room = Room(desk, pictures, proposals, printable(work.saved.path), detector)
    return offered(access, room, work.media.close)


def cookie_of(file: Path) -> str:
    """A name of its own for each label file: browsers keep no cookies apart by ports, so that another page of this
    machine would sign this one out."""
    return f"groupmood-label-{hashlib.sha256(os.fsencode(os.path.abspath(file))).hexdigest()[:12]}"


def announce(work: Opened, file: Path, url: str, warnings: list[str]) -> None:
    media, faces = work.labels.media, sum(len(medium.faces) for medium in work.labels.media)
    for line in warnings:
        console.print(escaped(line), style="yellow", markup=False)
    console.print(f"label at {url}", markup=False)
    console.print(f"saved with every change to {printable(file)}: {counted(len(media), 'medium', 'media')}, "
                  f"{counted(faces, 'face', 'faces')} so far", markup=False)  # fmt: skip
    console.print("Ctrl-C ends it.", markup=False)


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def wait() -> None:
    """Until Ctrl-C or a stop signal."""
    over = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: over.set())
    while not over.wait(1.0):  # in steps: on Windows nothing interrupts a wait without an end
        pass
