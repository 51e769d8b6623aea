"""The marks of one face, changed: plain functions from marks to marks. Errors are told as ConfigError."""

from __future__ import annotations

from streamer.errors import ConfigError
from streamer.types import Box
from tools.labelled.document import Mark
from tools.labelled.truth import box_at

Marks = tuple[Mark, ...]


def marked(marks: Marks, mark: Mark) -> Marks:
    """With ``mark`` on its frame, in place of one that was there."""
    others = [one for one in marks if one.frame != mark.frame]
    return tidy((*others, mark))


def unmarked(marks: Marks, frame: int) -> Marks:
    """Without the mark on ``frame``.

    Raises:
        ConfigError: there is none, or no mark would be left on which the face is to be seen.
    """
    rest = tidy(tuple(mark for mark in marks if mark.frame != frame))
    if all(mark.frame != frame for mark in marks):
        raise ConfigError(f"it has no mark on frame {frame}; it has on {_listed(marks)}")
    if not rest:
        raise ConfigError(f"the mark on frame {frame} is the only one of this face; remove the face instead")
    return rest


def gone(marks: Marks, frame: int, by: str) -> Marks:
    """Not to be seen from ``frame`` on until the next mark; where it was before stays as it was.

    Raises:
        ConfigError: it is not to be seen there anyway, or not before.
    """
    box = box_at(marks, frame)
    if box is None:
        raise ConfigError(f"it is not to be seen on frame {frame} anyway")
    if frame <= marks[0].frame:
        raise ConfigError(f"it is first to be seen on frame {marks[0].frame}; remove the face instead")
    last = next(mark for mark in reversed(marks) if mark.frame <= frame)
    here = Mark(frame=frame, x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2, gone=True, by=by or last.by)
    stands = box == Box(last.x1, last.y1, last.x2, last.y2)
    return marked(marks if stands else _held(marks, frame - 1), here)


def split(marks: Marks, frame: int) -> tuple[Marks, Marks]:
    """What is before ``frame``, then gone, and what is from there on.

    Raises:
        ConfigError: one of the two would have nothing to be seen.
    """
    if frame <= marks[0].frame:
        raise ConfigError(f"it is first to be seen on frame {marks[0].frame}; split it behind that")
    later = tidy(tuple(mark for mark in _held(marks, frame) if mark.frame >= frame))
    if not later:
        raise ConfigError(f"it is not to be seen from frame {frame} on; there is nothing to split")
    before = gone(marks, frame, "") if box_at(marks, frame) is not None else marks
    return tidy(tuple(mark for mark in before if mark.frame <= frame)), later


def joined(marks: Marks, others: Marks) -> Marks:
    """The way of one person of two that are never to be seen together. After its last mark a face is not taken to stay,
    if the other one is seen then.

    Raises:
        ConfigError: both are to be seen on a frame.
    """
    marks, others = tidy(marks), tidy(others)
    both = sorted(_together(marks, others) + _together(others, marks))
    if both:
        raise ConfigError(f"both are to be seen on frame {both[0]}; one person cannot be in two places")
    by_frame = {mark.frame: mark for mark in (*marks, *others) if mark.gone}
    by_frame |= {mark.frame: mark for mark in (*marks, *others) if not mark.gone}
    return tidy(tuple(by_frame.values()))


def tidy(marks: Marks) -> Marks:
    """By frame, without a ``gone`` where nothing was to be seen before."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda one: one.frame):
        if not mark.gone or (kept and not kept[-1].gone):
            kept.append(mark)
    return tuple(kept)


def _held(marks: Marks, frame: int) -> Marks:
    """With a mark where the face is on ``frame`` anyway, if it is there and has none: so that what comes later may
    change without moving what was before."""
    box = box_at(marks, frame)
    if box is None or any(mark.frame == frame for mark in marks):
        return marks
    last = next(mark for mark in reversed(marks) if mark.frame < frame)
    return tidy((*marks, Mark(frame=frame, x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2, by=last.by)))


def _together(marks: Marks, others: Marks) -> list[int]:
    """Frames of ``others``' marks on which it is to be seen and ``marks`` is too."""
    end = marks[-1].frame
    seen = [mark.frame for mark in others if not mark.gone and mark.frame <= end]
    return [frame for frame in seen if box_at(marks, frame) is not None]


def _listed(marks: Marks) -> str:
    frames = [str(mark.frame) for mark in marks]
    return ", ".join(frames if len(frames) <= 12 else [*frames[:12], "…"])
