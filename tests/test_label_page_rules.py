"""The page's own copy of the rules of labels, against the program's: a page may show nothing that is not saved so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Page

from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.types import UNSURE, Box
from tests.chromium import browser
from tests.label_page import opened
from tests.label_rig import grey, labelling
from tools.labelled.document import LabelFile, LabelledFace, Mark, Medium
from tools.labelled.edits import edit_of, edited
from tools.labelled.truth import box_at, truths

FRAMES = 40

ANNOTATORS = ("Ada", "Bela")

RUN = """async ([path, name, cases]) => {
  const found = (await import(`/label/js/${path}.js`))[name];
  return cases.map((given) => found(...given));
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("rules")
    grey(folder / "a.png")
    with browser() as chromium, labelling(folder) as work, opened(chromium, work) as found:
        yield found


def run(page: Page, module: str, function: str, cases: list[Any]) -> Any:
    """What a function of the page gives for each of the cases."""
    return page.evaluate(RUN, [module, function, cases])


def marks(dice: random.Random) -> tuple[Mark, ...]:
    """Of a face that moves, goes and comes back."""
    frames = sorted(dice.sample(range(FRAMES), dice.randint(1, 6)))
    return tuple(mark(dice, frame, gone=number > 0 and dice.random() < 0.3) for number, frame in enumerate(frames))


def mark(dice: random.Random, frame: int, *, gone: bool = False) -> Mark:
    x, y = dice.randrange(200), dice.randrange(150)
    return Mark(frame=frame, x1=x, y1=y, x2=x + dice.randint(4, 90), y2=y + dice.randint(4, 90), gone=gone, by="yunet")


def test_a_face_is_where_the_program_takes_it_to_be(page: Page) -> None:
    dice = random.Random(6)
    faces = [marks(dice) for _ in range(20)]
    cases = [([one.model_dump() for one in face], frame) for face in faces for frame in range(FRAMES)]
    wanted = [box_at(face, frame) for face in faces for frame in range(FRAMES)]
    shown = run(page, "marks", "boxAt", cases)
    assert all(same(one, other) for one, other in zip(shown, wanted, strict=True))
    assert {one is None for one in wanted} == {True, False}


def same(shown: dict[str, float] | None, wanted: Box | None) -> bool:
    if shown is None or wanted is None:
        return shown is None and wanted is None
    return [shown[side] for side in ("x1", "y1", "x2", "y2")] == pytest.approx(
        [wanted.x1, wanted.y1, wanted.x2, wanted.y2], abs=1e-9
    )


def test_the_timeline_shows_what_the_labels_say_of_each_frame(page: Page) -> None:
    dice = random.Random(7)
    for face in [talked_of(dice, "f1") for _ in range(8)]:
        medium = video(face)
        sent = face.model_dump()
        seen = frames_of(run(page, "marks", "spans", [(sent["marks"], FRAMES)])[0])
        segments = run(page, "sayings", "segments", [(sent, "Ada", FRAMES)])[0]
        said = {frame: one["label"] for one in segments for frame in range(one["from"], one["to"])}
        for frame in range(FRAMES):
            truth = truths(medium, frame)
            assert (frame in seen) == bool(truth)
            if truth:
                own = tuple(int(label == said.get(frame)) for label in LABELS)
                assert truth[0].votes == own
                assert truth[0].unsure == int(said.get(frame) == UNSURE)


def frames_of(spans: list[dict[str, int]]) -> set[int]:
    return {frame for span in spans for frame in range(span["from"], span["to"])}


def talked_of(dice: random.Random, name: str, annotators: tuple[str, ...] = ("Ada",)) -> LabelledFace:
    frames = sorted(dice.sample(range(FRAMES), 4))
    said = [
        {"annotator": who, "frame": frame, "label": dice.choice((*LABELS, UNSURE))}
        for frame in frames
        for who in annotators
    ]
    return LabelledFace.model_validate({"id": name, "marks": marks(dice), "said": said})


def video(*faces: LabelledFace, kind: str = "video") -> Medium:
    frames = FRAMES if kind == "video" else 1
    return Medium.model_validate(
        {"file": "a", "kind": kind, "sha256": "0" * 64, "width": 320, "height": 240, "frames": frames, "fps": 10.0}
        | {"faces": faces}
    )


def test_an_edit_looks_as_it_will_be_saved(page: Page) -> None:
    dice = random.Random(8)
    done: dict[str, int] = {}
    for _ in range(6):
        labels = LabelFile(
            annotators=ANNOTATORS, media=(video(*(talked_of(dice, f"f{n}", ANNOTATORS) for n in (1, 2))),)
        )
        cases: list[Any] = []
        wanted: list[Any] = []
        while len(cases) < 30:
            edit = some_edit(dice, labels.media[0])
            try:
                after = edited(labels, 0, edit_of(edit), "Ada")
            except ConfigError:
                continue
            done[edit["do"]] = done.get(edit["do"], 0) + 1
            made = after.media[0].faces[-1].id if edit["do"] == "add" else ""
            cases.append((labels.media[0].model_dump(), edit, "Ada", made))
            wanted.append(after.media[0].model_dump())
            labels = after if after.media[0].faces else labels
        shown = run(page, "edits", "edited", cases)
        for case, one, other in zip(cases, shown, wanted, strict=True):
            assert one == listed(other), case[1]
    assert min(done[what] for what in ("add", "move", "unmark", "gone", "remove", "say", "ignore", "attribute")) > 5


def some_edit(dice: random.Random, medium: Medium) -> dict[str, Any]:
    face = dice.choice(medium.faces)
    frame = dice.choice([*(one.frame for one in face.marks), *(one.frame for one in face.said), dice.randrange(FRAMES)])
    place = mark(dice, frame).model_dump(include={"frame", "x1", "y1", "x2", "y2"})
    name, value = dice.choice(("glasses", "beard")), dice.choice(("yes", "no", None))
    edits: list[dict[str, Any]] = [
        {"do": "add", "mark": place},
        {"do": "move", "face": face.id, "mark": place},
        {"do": "unmark", "face": face.id, "frame": frame},
        {"do": "gone", "face": face.id, "frame": frame},
        {"do": "say", "face": face.id, "frame": frame, "label": dice.choice((*LABELS, UNSURE, None))},
        {"do": "ignore", "face": face.id, "on": dice.random() < 0.5},
        {"do": "attribute", "face": face.id, "name": name, "value": value},
        {"do": "complete", "on": dice.random() < 0.5},
    ]
    return dice.choice([*edits, {"do": "remove", "face": face.id}] if len(medium.faces) > 1 else edits)


def listed(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, dict):
        return {key: listed(one) for key, one in value.items()}
    return [listed(one) for one in value] if isinstance(value, list | tuple) else value


def test_who_is_unsaid_is_counted_as_the_server_does(page: Page) -> None:
    dice = random.Random(9)
    mine, ours = talked_of(dice, "f1"), talked_of(dice, "f2", ("Bela",))
    ignored = LabelledFace(id="f3", marks=marks(dice), ignore=True)
    told = run(page, "sayings", "counts", [(video(mine, ours, ignored).model_dump(), "Ada")])[0]
    assert told == {"faces": 3, "unsaid": 1, "complete": False}
    first = min(one.frame for one in ours.said)
    cases = [(one.model_dump(), "Ada", frame) for one in (mine, ours) for frame in (first, FRAMES)]
    assert run(page, "sayings", "othersAt", cases) == [[], [], None, None]


def test_faces_are_numbered_as_one_reads(page: Page) -> None:
    corners = {"d": (100, 200), "b": (90, 12), "a": (10, 20), "c": (300, 0), "e": (220, 210)}
    placed = [{"name": name, "box": {"x1": x, "y1": y, "x2": x + 40, "y2": y + 50}} for name, (x, y) in corners.items()]
    assert "".join(one["name"] for one in run(page, "boxes", "asRead", [(placed,)])[0]) == "abcde"


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"key": "1", "code": "Digit1"}, "1"),
        ({"key": "&", "code": "Digit1"}, "1"),  # a French keyboard
        ({"key": "!", "code": "Digit1", "shiftKey": True}, "Shift+1"),
        ({"key": "7", "code": "Numpad7"}, "7"),
        ({"key": "b", "code": "KeyB"}, "B"),
        ({"key": "?", "code": "Slash", "shiftKey": True}, "?"),
        ({"key": "+", "code": "Equal", "shiftKey": True}, "+"),
        ({"key": "z", "code": "KeyZ", "metaKey": True}, "Ctrl+Z"),
        ({"key": "D", "code": "KeyD", "shiftKey": True}, "Shift+D"),
        ({"key": "ArrowUp", "code": "ArrowUp", "altKey": True, "shiftKey": True}, "Alt+Shift+ArrowUp"),
        ({"key": " ", "code": "Space"}, "Space"),
    ],
)
def test_a_key_is_known_on_any_keyboard(page: Page, event: dict[str, Any], name: str) -> None:
    plain = {"altKey": False, "ctrlKey": False, "metaKey": False, "shiftKey": False}
    assert run(page, "keys", "nameOf", [(plain | event,)]) == [name]


def test_a_dragged_box_has_whole_pixels_within_the_picture(page: Page) -> None:
    size = {"width": 100, "height": 80}
    box = {"x1": 10.25, "y1": 10.5, "x2": 30.75, "y2": 40.5}

    def at(x: float, y: float) -> dict[str, float]:
        return {"x": x, "y": y}

    drawn = run(page, "boxes", "drawn", [(at(20.4, 9.6), at(-5, 30), size), (at(3, 3), at(6, 60), size)])
    assert drawn == [{"x1": 0, "y1": 10, "x2": 20, "y2": 30}, None]
    moved = run(page, "boxes", "moved", [(box, at(5.4, -3.6), size), (box, at(500, 500), size)])
    assert moved[0] == {"x1": 15.25, "y1": 6.5, "x2": 35.75, "y2": 36.5}
    assert (moved[1]["x2"], moved[1]["y2"]) == (100, 80)
    sized = run(page, "boxes", "sized", [(box, "nw", at(50, 12.4), size), (box, "e", at(150, 0), size)])
    assert (sized[0]["x1"], sized[0]["y1"], sized[0]["x2"]) == (26.75, 12, 30.75)
    assert (sized[1]["x2"], sized[1]["y1"]) == (100, 10.5)
