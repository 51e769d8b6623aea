"""Puts the parts onto a copy of the frame, in the order in which they may cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from streamer.emotions import HIDDEN
from streamer.overlay.canvas import Canvas
from streamer.overlay.help import Help
from streamer.overlay.meter import Meter, waiting
from streamer.overlay.people import People, visible
from streamer.overlay.scale import Scale, scale_of
from streamer.overlay.shapes import Shapes
from streamer.overlay.sign_panel import SignPanel
from streamer.overlay.status import Badges, InfoLine
from streamer.overlay.text import Typeface
from streamer.overlay.veil import veil
from streamer.types import Box, Frame, FrameResult, Status, View


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What is drawn on; ``faces``: what of the people's boxes lies in the picture, or of all faces where no people are
    given."""

    canvas: Canvas
    scale: Scale
    faces: tuple[Box, ...]
    pts: float


class Overlay:
    """Implements ``stages.Overlay``. Its only time is the result's ``pts``.

    ``interval``: seconds in which a face's next reading is due; the outline fades when it is late. ``hidden``: labels
    that are never written; in the shares they count as "other". ``trend``: draw the tail and the last minute; off for
    single pictures. ``signs``: no emotion is inferred, so what people do stands in the meter's place. What it remembers
    is bounded, and gone when pts falls or the source changes.

    Raises:
        ConfigError: the font's package is not installed.
    """

    def __init__(
        self, interval: float = 0.25, hidden: Sequence[str] = HIDDEN, trend: bool = True, *, signs: bool = False
    ) -> None:
        if not interval > 0:
            raise ValueError(f"interval must be more than 0 seconds, got {interval}")
        typeface, self._shapes = Typeface(), Shapes()
        self._people = People(typeface, self._shapes, interval, tuple(hidden))
        self._meter = Meter(typeface, self._shapes, tuple(hidden), trend)
        self._panel = SignPanel(typeface, self._shapes) if signs else None
        self._info = InfoLine(typeface, self._shapes)
        self._badges = Badges(typeface, self._shapes)
        self._help = Help(typeface, self._shapes)
        self._scale = scale_of(1, 1)
        self._last: tuple[str, float] | None = None

    def draw(self, frame: Frame, result: FrameResult, view: View, status: Status | None) -> Frame:
        """A new frame with the same source, index and times; the one given stays as it is. Without a status there is no
        info line."""
        self._follow(result)
        scale = self._scale = self._scale if self._scale.fits(*frame.size) else scale_of(*frame.size)
        boxes = [person.track.face.box for person in result.people] or [face.box for face in result.faces]
        faces = tuple(box for one in boxes if (box := visible(one, scale)))
        sheet = Sheet(Canvas(frame.image.copy()), scale, faces, result.pts)
        if view.blur:
            self._blur(sheet, result, view)
        taken = self._mark(sheet, view)
        if status is not None:
            taken += self._inform(sheet, status, taken)
        taken += self._mood(sheet, result, view, taken)
        if view.labels:
            self._people.draw(sheet.canvas, scale, result, taken)
        if view.help:
            self._help.draw(sheet.canvas, scale, faces, result.pts)
        return Frame(frame.source, frame.index, frame.pts, frame.captured, sheet.canvas.pixels)

    def _follow(self, result: FrameResult) -> None:
        if self._last and (self._last[0] != result.source or result.pts < self._last[1]):
            self._people.reset()
            self._meter.reset()
            if self._panel:
                self._panel.reset()
            self._info.reset()
            self._help.reset()
        self._last = result.source, result.pts

    def _blur(self, sheet: Sheet, result: FrameResult, view: View) -> None:
        """Veils everybody, and who was found but is nobody yet; all of the picture where nobody looks for faces."""
        if view.paused:
            veil(sheet.canvas, self._shapes, Box(0, 0, *sheet.canvas.size))
            return
        people, found = (p.track.face.box for p in result.people), (face.box for face in result.faces)
        for box in dict.fromkeys((*people, *found)):
            if visible(box, sheet.scale):
                veil(sheet.canvas, self._shapes, box)

    def _mark(self, sheet: Sheet, view: View) -> tuple[Box, ...]:
        """Draws the badges; where they lie."""
        badges = self._badges.boxes(sheet.scale, view)
        self._badges.draw(sheet.canvas, sheet.scale, badges)
        return tuple(box for _, box in badges)

    def _inform(self, sheet: Sheet, status: Status, badges: tuple[Box, ...]) -> tuple[Box, ...]:
        """Draws the info line beside the badges, or under them where it does not fit; where it lies."""
        scale, top, room = sheet.scale, float(sheet.scale.margin), sheet.scale.width - 2.0 * sheet.scale.margin
        beside = room - (badges[-1].x2 + scale.gap - scale.margin if badges else 0.0)
        text = self._info.fit(scale, status, beside, sheet.pts)
        if text is None and badges:
            top, text = badges[0].y2 + scale.gap, self._info.fit(scale, status, room, sheet.pts)
        if text is None:
            return ()
        place, opacity = self._info.berth(scale, text, top, sheet.faces, sheet.pts)
        sheet.canvas.fade(place, opacity, lambda: self._info.draw(sheet.canvas, scale, text, place))
        return (place,)

    def _mood(self, sheet: Sheet, result: FrameResult, view: View, taken: tuple[Box, ...]) -> tuple[Box, ...]:
        """Draws the meter, if it is wanted and fits; where it lies. A paused analysis knows nothing of the room."""
        if self._panel:
            return self._signs(self._panel, sheet, result, (view, taken))
        shown = self._meter.remember(None if view.paused else result.mood, result.pts)
        shown = replace(shown, least=0 if view.paused else view.least)
        berth = self._meter.berth(sheet.scale, sheet.faces, taken, sheet.pts) if view.meter else None
        if berth is None:
            return ()
        place, opacity = berth
        draw = partial(self._meter.draw, sheet.canvas, sheet.scale, shown, place, view.paused)
        sheet.canvas.fade(place, opacity, draw)
        return (place,)

    def _signs(
        self, panel: SignPanel, sheet: Sheet, result: FrameResult, at: tuple[View, tuple[Box, ...]]
    ) -> tuple[Box, ...]:
        """Draws the signs in the meter's place."""
        view, taken = at
        shown = panel.remember(result, view.paused)
        if view.least and result.signs is None and not view.paused:
            shown = replace(shown, title=waiting(view.least))
        berth = panel.berth(sheet.scale, sheet.faces, taken, sheet.pts) if view.meter else None
        if berth is None:
            return ()
        place, opacity = berth
        sheet.canvas.fade(place, opacity, partial(panel.draw, sheet.canvas, sheet.scale, shown, place))
        return (place,)
