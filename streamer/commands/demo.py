"""``groupmood demo``: a scene made on the spot, through the true pipeline, in real time; its truth is known."""

from __future__ import annotations

import time
from pathlib import Path

from streamer import build
from streamer.commands.run import LiveLine, raise_failed
from streamer.commands.setup import configured, ready
from streamer.commands.terminal import console, rows, summary
from streamer.errors import SinkError
from streamer.sinks.display import display_available
from streamer.sinks.picture_file import StillPicture
from streamer.sinks.plain import Unmanaged
from streamer.sinks.tally import Tally
from streamer.sinks.window import Window
from streamer.sources.portraits import portrait_credits
from streamer.sources.synthetic import SyntheticSource
from streamer.types import FrameResult

VIDEO, RESULTS, STILL = "demo.mp4", "results.jsonl", "demo.png"

TOUCHED, CLEAR = 0.02, 0.9
"""Share of a face that is seen: up to the first it is gone, from the second on it is clear."""


def demo(out: Path, *, headless: bool, seconds: float, offline: bool) -> int:
    """Raises:
    StreamerError, EngineError: in one line what was wrong.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"cannot make the folder {out}: {error.strerror}; name another with --out") from None
    spec = f"seconds={seconds:g}"
    config = configured(
        None,
        {"source": f"synthetic:{spec}", "output.video": out / VIDEO, "output.results": out / RESULTS},
        {},
    )
    ready(config, offline=offline)
    windowed = not headless and display_available() is None
    scene = SyntheticSource(spec)
    tally, truth = Tally(), TruthCheck(scene)
    extras = build.Extras(
        window=windowed,
        result_sinks=(tally, truth, *(() if windowed else (LiveLine(console),))),
        picture_sinks=(StillPicture(out / STILL, near=scene.scene.best_moment),),
    )
    made = build.pipeline(config, extras, (lambda ask: Window(ask, snapshots=out)) if windowed else None)
    start = time.monotonic()
    made.run()
    name = made.lines[0].name
    lines = summary(tally.totals(), made, name, time.monotonic() - start)
    rows([*lines, ("against truth", truth.verdict()), ("written", f"{out}: {VIDEO}, {RESULTS}, {STILL}")])
    for credit in portrait_credits():
        console.print(credit, style="dim", markup=False)
    raise_failed(made)
    return 0


class TruthCheck(Unmanaged):
    """A result sink that compares the number of people with the scene's own, where the truth is beyond dispute: in
    frames that show each face clearly or not at all. Keeps two counts."""

    def __init__(self, source: SyntheticSource) -> None:
        self._source = source
        self._frames = self._right = 0

    def write(self, result: FrameResult) -> None:
        if any(TOUCHED < person.visible < CLEAR or person.blurred for person in self._source.truth(result.index)):
            return
        self._frames += 1
        seen = sum(person.track.seen for person in result.people)
        self._right += seen == self._source.expected_people(result.index)

    def verdict(self) -> str:
        """How often as many people were found as show their face clearly."""
        if not self._frames:
            return "no frame was analysed"
        share = self._right / self._frames
        return f"the number of people was right in {share:.0%} of {self._frames} frames without half-hidden faces"
