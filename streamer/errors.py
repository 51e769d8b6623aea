"""Errors of the streamer.

* StreamerError
  + ConfigError         the configuration, or a name on the command line, cannot be carried out
  + SourceError         a source cannot be opened or read
    - SourceLost        a live source stopped; opening it again may help
  + SinkError           an output cannot be opened or written

Every message says what was wanted, what came, and what to do; for an unknown word there is did_you_mean().
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class StreamerError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(StreamerError):
    """The configuration cannot be carried out."""


class SourceError(StreamerError):
    """A source cannot be opened or read."""


class SourceLost(SourceError):
    """A live source stopped; opening it again may help."""


class SinkError(StreamerError):
    """A sink cannot be opened or written."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody may have meant, None where none is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' (did you mean …?)' to put behind an unknown word, or '' where nothing is near."""
    near = nearest(word, known)
    return f" (did you mean {near!r}?)" if near else ""
