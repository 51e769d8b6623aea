"""The list of the newest segments of a live stream, as HTTP Live Streaming wants it (RFC 8216)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """``name`` of its file, ``header`` of that with the initialisation segment; ``seconds`` it lasts. ``fresh``: its
    times or its format do not go on from the one before."""

    name: str
    header: str
    seconds: float
    fresh: bool


class Playlist:
    """The last ``keep`` segments. As many again stay on the disk for players that still read the list of before (RFC
    8216, 6.2.2)."""

    def __init__(self, keep: int, longest: float) -> None:
        """``longest``: seconds of a segment at most, which the list must promise once for all (RFC 8216, 6.2.1)."""
        self._keep, self._target = keep, max(1, math.ceil(longest))
        self._listed: list[Segment] = []
        self._leaving: list[Segment] = []
        self._number = self._breaks = 0  # of the first listed segment; of discontinuities before it
        self.ended = False

    def add(self, segment: Segment) -> set[str]:
        """Returns the files that nobody needs any more."""
        self._listed.append(segment)
        if len(self._listed) > self._keep:
            gone = self._listed.pop(0)
            self._leaving.append(gone)
            self._number += 1
            self._breaks += gone.fresh
        if len(self._leaving) <= self._keep:
            return set()
        old = self._leaving.pop(0)
        return {old.name, old.header} - self.files()

    def files(self) -> set[str]:
        """Those that are listed, and those that were a little while ago."""
        return {name for segment in (*self._leaving, *self._listed) for name in (segment.name, segment.header)}

    def text(self) -> str:
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{self._target}",
            f"#EXT-X-MEDIA-SEQUENCE:{self._number}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._breaks}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
        ]
        header = ""
        for segment in self._listed:
            lines += ["#EXT-X-DISCONTINUITY"] if segment.fresh else []
            lines += [f'#EXT-X-MAP:URI="{segment.header}"'] if segment.header != header else []
            lines += [f"#EXTINF:{segment.seconds:.5f},", segment.name]
            header = segment.header
        return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if self.ended else []), ""])
