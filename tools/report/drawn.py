"""The figures of a report that are drawn on the spot, as PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from streamer.emotions import HIDDEN, LABELS
from streamer.overlay.colours import EXPRESSIONS
from streamer.types import FrameResult, Image
from tools.evaluate import plots
from tools.evaluate.result import Evaluation, ExpressionScores
from tools.evaluate.slices import size_name
from tools.figures import BLUE, FAINT, GREEN, GRID, INK, VERMILION, figure, plain
from tools.report.observed import Observed, Reading
from tools.report.words import ROOM_SURE, SURE

DOTS = 160
"""An inch of a figure, so that it is sharp on paper."""

WIDTH = 7.2
"""Inches: little more than the text of a page is wide, so that letters stay as large as they are here."""

GREY = "#bbbbbb"
GAP = 0.5
"""Seconds without a track after which its line is broken."""


def png(page: Figure) -> bytes:
    file = io.BytesIO()
    page.savefig(file, format="png", dpi=DOTS, metadata={"Software": None})
    return file.getvalue()


def jpeg(page: Figure) -> bytes:
    """For figures with photographs in them."""
    file = io.BytesIO()
    page.savefig(file, format="jpeg", dpi=DOTS, pil_kwargs={"quality": 90})
    return file.getvalue()


def photo(image: Image, width: int = 1600) -> bytes:
    """A picture (BGR) as JPEG, no wider than ``width``."""
    if image.shape[1] > width:
        size = (width, round(image.shape[0] * width / image.shape[1]))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise ValueError(f"a picture of {image.shape} cannot be written as JPEG")
    return bytes(data)


def colour(label: str) -> str:
    """That of the overlay; grey where nothing is told."""
    blue, green, red = EXPRESSIONS.get(label, (0xBB, 0xBB, 0xBB))
    return f"#{red:02x}{green:02x}{blue:02x}"


def detections(seen: Observed) -> bytes:
    """The frame with what the detector gives: boxes, landmarks, scores, and nothing of what follows."""
    image = seen.still.copy()
    thick = max(1, image.shape[0] // 360)
    blue, red = (0xB2, 0x72, 0x00), (0x00, 0x5E, 0xD5)
    for face in seen.faces:
        corners = [round(value) for value in (face.box.x1, face.box.y1, face.box.x2, face.box.y2)]
        cv2.rectangle(image, (corners[0], corners[1]), (corners[2], corners[3]), (255, 255, 255), thick + 2)
        cv2.rectangle(image, (corners[0], corners[1]), (corners[2], corners[3]), blue, thick)
        for x, y in face.landmarks[np.isfinite(face.landmarks).all(axis=1)]:
            cv2.circle(image, (round(float(x)), round(float(y))), 3 * thick, (255, 255, 255), -1, cv2.LINE_AA)
            cv2.circle(image, (round(float(x)), round(float(y))), 2 * thick, red, -1, cv2.LINE_AA)
    height = WIDTH * image.shape[0] / image.shape[1]
    page = figure(WIDTH, height + 0.75, "What the detector gives", "A box, a score and five points for each face.")
    axes = page.subplots()
    axes.imshow(image[:, :, ::-1])
    axes.axis("off")
    for face in seen.faces:
        axes.text(
            face.box.x1, face.box.y1 - 8, f"{face.score:.2f}", color="white", fontsize=10, weight="bold",
            bbox={"facecolor": BLUE, "edgecolor": "none", "pad": 2.5},
        )  # fmt: skip
    return jpeg(page)


def readings(shown: Sequence[Reading]) -> bytes:
    """A column for each face: the very pixels that the model gets, and what it says of them."""
    page = figure(WIDTH, 4.6, "What the model sees, and what it says of each face alone", "Before any smoothing.")
    cells = page.subplots(2, max(1, len(shown)), squeeze=False, height_ratios=(1, 1.35), sharey="row")
    for column, one in enumerate(shown):
        top, below = cells[0, column], cells[1, column]
        top.imshow(one.chip[:, :, ::-1], interpolation="nearest")
        top.set_title(f"track {one.track} · quality {one.quality:.2f}", loc="left", fontsize=9.5, color=INK)
        top.axis("off")
        bars(below, one.emotion.probabilities)
    return png(page)


def bars(axes: Axes, probabilities: Sequence[float]) -> None:
    """One for each label, with its number where it can be seen; hidden labels are hatched."""
    plain(axes, "")
    axes.grid(visible=False)
    for place, (label, value) in enumerate(zip(LABELS, probabilities, strict=True)):
        hatch = "////" if label in HIDDEN else None
        axes.barh(place, value, height=0.68, color=colour(label), hatch=hatch, edgecolor="white", linewidth=0)
        inside = value > 0.8
        axes.text(
            value - 0.02 if inside else value + 0.02, place, f"{value:.0%}", va="center", fontsize=8.5, color=INK,
            ha="right" if inside else "left",
        )  # fmt: skip
    axes.set_yticks(range(len(LABELS)), LABELS, fontsize=8.5)
    axes.set_ylim(len(LABELS) - 0.4, -0.6)
    axes.set_xlim(0, 1.02)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def tracks(results: Sequence[FrameResult], truth: Sequence[int]) -> bytes:
    """A line for each id: its label over time, dashed where it is only predicted; below it how many could be seen."""
    ids = sorted({person.track.id for result in results for person in result.people})
    page = figure(
        9.5, 2.3 + 0.4 * len(ids), "Everybody keeps an id, and a label that does not flicker",
        "Thick: seen, in the colour of what is said. Thin and dashed: out of sight, only predicted.",
    )  # fmt: skip
    lanes, counts = page.subplots(2, 1, sharex=True, height_ratios=(0.3 + 0.4 * len(ids), 0.8))
    plain(lanes, "")
    lanes.set_yticks(range(len(ids)), [f"track {one}" for one in ids])
    lanes.set_ylim(len(ids) - 0.4, -0.75)
    lanes.grid(visible=False)
    for place, one in enumerate(ids):
        lane(lanes, place, one, results)
    plain(counts, "", "seconds")
    times = [result.pts for result in results]
    counts.step(times, truth, where="post", color=FAINT, linewidth=1.2, linestyle=":")
    counts.step(times, [seen(result) for result in results], where="post", color=BLUE, linewidth=1.4)
    counts.set_ylim(0, max([*truth, 1]) + 0.6)
    counts.set_yticks(range(0, max([*truth, 1]) + 1, 2))
    counts.set_ylabel("faces seen\n(dotted: true)", fontsize=8.5, color=FAINT)
    return png(page)


def seen(result: FrameResult) -> int:
    return sum(person.track.seen for person in result.people)


def lane(axes: Axes, place: int, track: int, results: Sequence[FrameResult]) -> None:
    """Every stretch of one label, its word where that is new."""
    before, last = "", -np.inf
    step = results[1].pts - results[0].pts if len(results) > 1 else GAP
    for result in results:
        person = next((one for one in result.people if one.track.id == track), None)
        if person is None:
            continue
        wide = (result.pts, result.pts + step)
        if person.track.seen:
            axes.plot(wide, (place, place), color=colour(person.label), linewidth=6, solid_capstyle="butt")
        else:
            axes.plot(wide, (place, place), color=GREY, linewidth=1.4, linestyle=(0, (1, 1)))
        if person.label != before or result.pts - last > GAP:
            axes.text(result.pts, place - 0.26, person.label, fontsize=8, color=INK, va="bottom")
        before, last = person.label, result.pts


def course(results: Sequence[FrameResult]) -> bytes:
    """The room's valence with its interval; nothing where there is not enough evidence."""
    page = figure(
        9.5, 3.1, "The room's valence, and how sure it is",
        f"Line: valence. Band: its {ROOM_SURE} interval. No line: not enough evidence to say anything.",
    )  # fmt: skip
    axes = page.subplots()
    plain(axes, "", "seconds")
    nothing = (float("nan"), float("nan"))
    moods = [result.mood for result in results]
    times = [result.pts for result in results]
    valence = [float("nan") if mood is None or mood.valence is None else mood.valence for mood in moods]
    bands = [nothing if mood is None or mood.interval is None else mood.interval for mood in moods]
    axes.fill_between(
        times, [low for low, _ in bands], [high for _, high in bands], color=BLUE, alpha=0.18, linewidth=0
    )
    axes.plot(times, valence, color=BLUE, linewidth=1.8)
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.set_ylim(-1, 1)
    axes.set_yticks((-1, 0, 1), ["−1 unpleasant", "0", "+1 pleasant"])
    axes.set_xlim(times[0], times[-1])
    return png(page)


def pairs_of_bars(title: str, below: str, rows: Mapping[str, tuple[float, float]], names: tuple[str, str]) -> bytes:
    """Shares of two kinds beside each other, one line for each row: what was before, and what is."""
    page = figure(WIDTH, 1.5 + 0.42 * len(rows), title, below)
    axes = page.subplots()
    plain(axes, "")
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    for place, (before, after) in enumerate(rows.values()):
        axes.plot((before, after), (place, place), color=GRID, linewidth=3, zorder=1)
        axes.scatter((before,), (place,), s=46, color=VERMILION, zorder=2)
        axes.scatter((after,), (place,), s=46, color=BLUE, zorder=3)
        axes.text(before + 0.006, place - 0.16, f"{before:.0%}", fontsize=8.5, color=VERMILION, va="bottom")
        axes.text(after - 0.006, place - 0.16, f"{after:.0%}", fontsize=8.5, color=BLUE, va="bottom", ha="right")
    first_before, first_after = next(iter(rows.values()))
    axes.text(first_before, -0.62, names[0], fontsize=9, color=VERMILION, ha="center", va="bottom", weight="bold")
    axes.text(first_after, -0.62, names[1], fontsize=9, color=BLUE, ha="center", va="bottom", weight="bold")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.5, -1.0)
    axes.set_xlim(0, 1.25 * max(max(pair) for pair in rows.values()))
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 5, 10)))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return png(page)


def sizes(title: str, below: str, lines: Mapping[str, Mapping[str, Mapping[str, float]]]) -> bytes:
    """Accuracy by the side of a face in pixels, a line for each model, with its interval."""
    page = figure(WIDTH, 3.6, title, below)
    axes = page.subplots()
    plain(axes, "", "side of the face in pixels")
    for (name, points), ink in zip(lines.items(), (BLUE, VERMILION, FAINT), strict=False):
        sides = sorted(points, key=int)
        values = [points[side]["value"] for side in sides]
        places = range(len(sides))
        axes.fill_between(
            places, [points[side]["low"] for side in sides], [points[side]["high"] for side in sides],
            color=ink, alpha=0.18, linewidth=0,
        )  # fmt: skip
        axes.plot(places, values, color=ink, linewidth=1.8, marker="o", markersize=4)
        axes.text(len(sides) - 0.93, values[-1], name, color=ink, fontsize=9.5, va="center", weight="bold")
        axes.set_xticks(places, sides)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(-0.3, max(len(points) for points in lines.values()) + 0.2)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return png(page)


def found_and_read(made: Evaluation) -> bytes:
    """By the size of a face: how many of them the detector finds, and of how many the expression is read rightly."""
    page = figure(
        WIDTH, 3.6, "How large must a face be?", f"By its longer side in pixels, with {SURE} intervals; n: its faces."
    )
    names = [size_name(one.low, one.high) for one in made.detection.sizes if one.faces]
    left, right = page.subplots(1, 2, sharey=True)
    dotted(left, "Found by the detector", names, plots.found_by_size(made.detection), BLUE)
    dotted(right, "Expression read rightly", names, plots.read_by_size(made.slices), GREEN)
    left.set_ylabel("share of the faces", fontsize=9, color=FAINT)
    return png(page)


def dotted(axes: Axes, title: str, names: Sequence[str], dots: Sequence[plots.Dot], ink: str) -> None:
    """A dot with its interval at each name that has one."""
    plain(axes, title)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    known = {dot.name: dot for dot in dots}
    there = [(place, known[name]) for place, name in enumerate(names) if name in known]
    for place, dot in there:
        axes.vlines(place, dot.low, dot.high, color=ink, linewidth=1.8, alpha=0.45)
        axes.scatter((place,), (dot.value,), s=30, color=ink, zorder=3, clip_on=False)
    if not there:
        axes.text(0.5, 0.5, "too few faces to say", ha="center", color=FAINT, fontsize=10, transform=axes.transAxes)
    counts = [f"n {known[name].faces}" if name in known else "" for name in names]
    short = [name.removesuffix(" px") for name in names]
    axes.set_xticks(range(len(names)), [f"{name}\n{count}" for name, count in zip(short, counts, strict=True)])
    axes.set_xlim(-0.5, len(names) - 0.5)


def called(title: str, scores: ExpressionScores) -> bytes:
    """What is called what."""
    page = figure(WIDTH, 4.8, "What is called what", "Rows: what is labelled. Columns: what is said. Framed: rightly.")
    plots.draw_table(page.subplots(), scores.confusion, title)
    return png(page)
