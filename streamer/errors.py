"""Errors of the streamer.

* StreamerError
  + ConfigError         the configuration, or a name on the command line, cannot be carried out
  + SourceError         a source cannot be opened or read
    - SourceLost        a live source stopped; opening it again may help
  + SinkError           an output cannot be opened or written

Every message says what was wanted, what came, and what to do.
"""

from __future__ import annotations


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
