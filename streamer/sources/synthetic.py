"""A made-up scene with known truth as a source: ``synthetic:people=3,size=1280x720,fps=30,seconds=20,seed=1``."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import TracebackType

from streamer.errors import ConfigError, did_you_mean
from streamer.sources.scene import Scene, SceneSpec, TruthPerson
from streamer.types import Frame

PREFIX = "synthetic:"

DEFAULTS: Mapping[str, str] = {"people": "3", "size": "1280x720", "fps": "30", "seconds": "20", "seed": "1"}
"""One run of the story; a longer scene repeats it."""

SIDES = (64, 4096)


class SyntheticSource:
    """The scene as a camera (``realtime``: live, paced by the clock) or as a file (as fast as it is read).

    As a camera it never makes up for lost time: a reader who comes late gets the frame that is due now, and the gap
    in the indices shows what was missed. ``wait`` waits so many seconds and says True when the run is to end
    (``threading.Event.wait``). ``frames`` may be called again and starts over.
    """

    def __init__(
        self,
        spec: str = "",
        *,
        realtime: bool = True,
        name: str = "synthetic",
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """
        Raises:
            ConfigError: the spec has unknown keys or values that cannot be; all are listed at once.
        """
        self.name = name
        self.live = realtime
        self._clock = clock
        self._wait = wait
        self.spec, self.seconds = parsed(spec)

    @cached_property
    def scene(self) -> Scene:
        """Made when it is first asked for, at the latest on entering (0.3 s at 720p); stays after closing.

        Raises:
            SourceError: a portrait is missing.
        """
        return Scene(self.spec)

    def __enter__(self) -> SyntheticSource:
        _ = self.scene
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open."""

    def truth(self, index: int) -> tuple[TruthPerson, ...]:
        """Everyone whose face is at least partly within that frame."""
        return self.scene.truth(index)

    def expected_people(self, index: int) -> int:
        """How many faces of that frame are in focus and can be seen well enough."""
        return self.scene.expected_people(index)

    def frames(self) -> Iterator[Frame]:
        scene = self.scene
        start = self._clock()
        count = max(1, round(self.seconds * self.spec.fps))
        index = 0
        while index < count:
            pts = index / self.spec.fps
            if self.live and (early := start + pts - self._clock()) > 0 and self._wait(early):
                return
            captured = self._clock()
            yield Frame(self.name, index, pts, captured, scene.render(index))
            index = max(index + 1, self._due(start) if self.live else 0)

    def _due(self, start: float) -> int:
        """Of the frames whose time has come, the latest."""
        return int((self._clock() - start) * self.spec.fps + 1e-6)


def parsed(spec: str) -> tuple[SceneSpec, float]:
    """The scene that a spec describes, and its length in seconds.

    Raises:
        ConfigError: naming everything that is wrong with it.
    """
    faults: list[str] = []
    given = dict(DEFAULTS)
    for part in filter(None, (part.strip() for part in spec.removeprefix(PREFIX).split(","))):
        key, _, value = (text.strip() for text in part.partition("="))
        if key in DEFAULTS:
            given[key] = value
        else:
            faults.append(f"unknown key {key!r}{did_you_mean(key, DEFAULTS)}; known: {', '.join(DEFAULTS)}")
    width, height = size(given["size"], faults)
    fps = number("fps", given["fps"], 1, 240, faults)
    seconds = number("seconds", given["seconds"], 0.1, 86400, faults)
    scene = SceneSpec(
        people=whole("people", given["people"], 1, 4, faults),
        width=width,
        height=height,
        fps=fps,
        seed=whole("seed", given["seed"], 0, 2**32 - 1, faults),
    )
    if faults:
        raise ConfigError(f"{PREFIX}{spec.removeprefix(PREFIX)}: {'; '.join(faults)}")
    return scene, seconds


def size(text: str, faults: list[str]) -> tuple[int, int]:
    """Width and height of 'WxH', each within SIDES; what is wrong is added to the faults."""
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) == 2 and all(part.isdecimal() for part in parts):
        width, height = int(parts[0]), int(parts[1])
        if all(SIDES[0] <= side <= SIDES[1] for side in (width, height)):
            return width, height
    faults.append(f"size must be WIDTHxHEIGHT of {SIDES[0]} to {SIDES[1]} pixels each, as in 1280x720, got {text!r}")
    return SIDES[0], SIDES[0]


def whole(key: str, text: str, least: int, most: int, faults: list[str]) -> int:
    if text.isdecimal() and least <= int(text) <= most:
        return int(text)
    faults.append(f"{key} must be a whole number from {least} to {most}, got {text!r}")
    return least


def number(key: str, text: str, least: float, most: float, faults: list[str]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if least <= value <= most:
        return value
    faults.append(f"{key} must be a number from {least:g} to {most:g}, got {text!r}")
    return least
