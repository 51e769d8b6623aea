"""The states that labels were in, to go back to and forward again."""

from __future__ import annotations

from streamer.errors import ConfigError
from tools.labelled.document import LabelFile

LIMIT = 200
"""States that are kept at most. They share whatever was not changed between them."""


class History:
    """``now`` is the newest state, or the one gone back to. For one thread."""

    def __init__(self, labels: LabelFile, limit: int = LIMIT) -> None:
        """``limit``: how many steps back are possible at most, one or more."""
        if limit < 1:
            raise ValueError(f"limit must be 1 or more, got {limit}")
        self.now = labels
        self._limit = limit
        self._before: list[LabelFile] = []
        self._after: list[LabelFile] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        return bool(self._after)

    def do(self, labels: LabelFile) -> None:
        """A new state; what was undone before is forgotten, and a state equal to the newest is no step."""
        if labels == self.now:
            return
        self._before = [*self._before, self.now][-self._limit :]
        self._after.clear()
        self.now = labels

    def undo(self) -> LabelFile:
        """The state before, which is ``now`` then.

        Raises:
            ConfigError: there is none.
        """
        if not self._before:
            raise ConfigError(f"there is nothing to undo; {self._limit} steps are kept at most")
        self._after.append(self.now)
        self.now = self._before.pop()
        return self.now

    def redo(self) -> LabelFile:
        """The state that was undone last, which is ``now`` then.

        Raises:
            ConfigError: there is none.
        """
        if not self._after:
            raise ConfigError("there is nothing to redo")
        self._before.append(self.now)
        self.now = self._after.pop()
        return self.now


def first_difference(one: LabelFile, other: LabelFile) -> int | None:
    """Index of the first medium in which two states differ, None where they do not."""
    for index, (here, there) in enumerate(zip(one.media, other.media, strict=False)):
        if here is not there and here != there:
            return index
    same = len(one.media) == len(other.media)
    return None if same else min(len(one.media), len(other.media))
