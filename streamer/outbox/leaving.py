"""Several that are entered one after the other and left all at once, so that many who wait take no longer than one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

log = logging.getLogger(__name__)

LEAVING = 6.0
"""Seconds that all of them have together. An outbox takes three at most, the writer of the timeline five."""


@contextmanager
def together(parts: Sequence[AbstractContextManager[object]], seconds: float = LEAVING) -> Iterator[None]:
    """All of them open; at the end each is closed in a thread of its own, and whoever is not through after ``seconds``
    is left behind and named in the log.

    Raises:
        SinkError: one of them cannot be opened; those before it are closed again.
    """
    opened: list[tuple[str, ExitStack]] = []
    try:
        for part in parts:
            stack = ExitStack()
            stack.enter_context(part)
            opened.append((type(part).__name__, stack))
        yield
    finally:
        leave(opened, seconds)


def leave(opened: Sequence[tuple[str, ExitStack]], seconds: float) -> None:
    end = time.monotonic() + seconds
    closing = [threading.Thread(target=stack.close, name=f"closing {name}", daemon=True) for name, stack in opened]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join(max(0.0, end - time.monotonic()))
    late = [thread.name for thread in closing if thread.is_alive()]
    if late:
        log.error("left behind because they do not end: %s", ", ".join(late))
