from __future__ import annotations

from typing import Any

import pytest

from streamer.errors import ConfigError
from streamer.types import Box
from tools.labelled.document import LabelFile, Mark, Medium
from tools.labelled.edits import added, edit_of, edited, with_annotator
from tools.labelled.history import History, first_difference
from tools.labelled.truth import box_at, truths

PICTURE, VIDEO = 0, 1


def labels() -> LabelFile:
    """A picture of 200 × 100 pixels and a video of 40 frames of that size, nothing labelled."""
    common: dict[str, Any] = {"sha256": "0" * 64, "width": 200, "height": 100}
    picture = Medium(file="a.png", kind="image", **common)
    video = Medium(file="b.mp4", kind="video", frames=40, fps=10.0, **common)
    return LabelFile(media=(picture, video))


def at(x: float, frame: int = 0) -> dict[str, float]:
    """A box of 20 × 20 pixels whose left edge is at x."""
    return {"frame": frame, "x1": x, "y1": 10.0, "x2": x + 20, "y2": 30.0}


def after(medium: int, *edits: dict[str, Any], before: LabelFile | None = None, by: str = "ann") -> LabelFile:
    state = before or labels()
    for edit in edits:
        state = edited(state, medium, edit_of(edit), by)
    return state


def frames_of(state: LabelFile, face: int = 0) -> list[tuple[int, bool]]:
    return [(mark.frame, mark.gone) for mark in state.media[VIDEO].faces[face].marks]


def lefts(state: LabelFile, face: int, frames: range) -> list[float | None]:
    marks = state.media[VIDEO].faces[face].marks
    boxes = [box_at(marks, frame) for frame in frames]
    return [None if box is None else round(box.x1, 6) for box in boxes]


def test_a_picture_from_nothing_to_labelled() -> None:
    state = after(
        PICTURE,
        {"do": "add", "mark": at(10)},
        {"do": "add", "mark": at(100)},
        {"do": "say", "face": "f1", "frame": 0, "label": "happiness"},
        {"do": "ignore", "face": "f2", "on": True},
        {"do": "attribute", "face": "f1", "name": "glasses", "value": "yes"},
        {"do": "move", "face": "f1", "mark": at(12)},
        {"do": "complete", "on": True},
    )
    one, two = truths(state.media[PICTURE], 0)
    assert (one.face, one.box, one.label, one.attributes) == ("f1", Box(12, 10, 32, 30), 1, {"glasses": "yes"})
    assert (two.face, two.ignore, two.label) == ("f2", True, None)
    assert state.media[PICTURE].complete
    assert state.annotators == ("ann",)
    assert state.media[PICTURE].faces[0].marks[0].by == "ann"


def test_what_was_given_stays_as_it_was() -> None:
    state = after(PICTURE, {"do": "add", "mark": at(10)})
    text = state.model_dump_json()
    after(PICTURE, {"do": "say", "face": "f1", "label": "anger"}, {"do": "remove", "face": "f1"}, before=state)
    assert state.model_dump_json() == text


def test_ids_are_not_given_twice_while_they_are_in_use() -> None:
    state = after(PICTURE, *({"do": "add", "mark": at(x)} for x in (0, 30, 60)), {"do": "remove", "face": "f2"})
    state = after(PICTURE, {"do": "add", "mark": at(90)}, before=state)
    assert [face.id for face in state.media[PICTURE].faces] == ["f1", "f3", "f4"]


def test_two_annotators_disagree_and_one_takes_it_back() -> None:
    state = after(PICTURE, {"do": "add", "mark": at(10)}, {"do": "say", "face": "f1", "label": "anger"})
    state = after(PICTURE, {"do": "say", "face": "f1", "label": "fear"}, before=state, by="bob")
    assert state.annotators == ("ann", "bob")
    assert truths(state.media[PICTURE], 0)[0].label is None
    state = after(PICTURE, {"do": "say", "face": "f1", "label": None}, before=state, by="bob")
    assert truths(state.media[PICTURE], 0)[0].label == 4
    with pytest.raises(ConfigError, match="bob said nothing at frame 0 to take back"):
        after(PICTURE, {"do": "say", "face": "f1", "label": None}, before=state, by="bob")


def test_saying_again_replaces() -> None:
    state = after(
        VIDEO,
        {"do": "add", "mark": at(0)},
        {"do": "say", "face": "f1", "frame": 20, "label": "anger"},
        {"do": "say", "face": "f1", "frame": 0, "label": "neutral"},
        {"do": "say", "face": "f1", "frame": 20, "label": "unsure"},
    )
    said = state.media[VIDEO].faces[0].said
    assert [(one.frame, one.label) for one in said] == [(0, "neutral"), (20, "unsure")]


def test_gone_leaves_the_way_until_then_as_it_was() -> None:
    state = after(VIDEO, {"do": "add", "mark": at(0)}, {"do": "move", "face": "f1", "mark": at(100, 10)})
    assert lefts(state, 0, range(11)) == [10.0 * frame for frame in range(11)]
    state = after(VIDEO, {"do": "gone", "face": "f1", "frame": 6}, before=state)
    assert lefts(state, 0, range(12)) == [0, 10, 20, 30, 40, 50, None, None, None, None, 100, 100]
    state = after(VIDEO, {"do": "unmark", "face": "f1", "frame": 6}, before=state)
    assert lefts(state, 0, range(11)) == [10.0 * frame for frame in range(11)]


def test_a_move_brings_back_what_was_gone() -> None:
    state = after(
        VIDEO,
        {"do": "add", "mark": at(0)},
        {"do": "gone", "face": "f1", "frame": 5},
        {"do": "move", "face": "f1", "mark": at(50, 5)},
    )
    assert frames_of(state) == [(0, False), (5, False)]


def test_no_face_begins_by_being_gone() -> None:
    state = after(
        VIDEO,
        {"do": "add", "mark": at(0)},
        {"do": "gone", "face": "f1", "frame": 5},
        {"do": "move", "face": "f1", "mark": at(50, 9)},
        {"do": "unmark", "face": "f1", "frame": 0},
    )
    assert frames_of(state) == [(9, False)]


def test_split_and_join_are_each_others_opposite() -> None:
    state = after(VIDEO, {"do": "add", "mark": at(0)}, {"do": "move", "face": "f1", "mark": at(100, 10)})
    state = after(
        VIDEO,
        {"do": "say", "face": "f1", "frame": 0, "label": "anger"},
        {"do": "say", "face": "f1", "frame": 8, "label": "fear"},
        before=state,
    )
    parted = after(VIDEO, {"do": "split", "face": "f1", "frame": 6}, before=state)
    assert lefts(parted, 0, range(12)) == [0, 10, 20, 30, 40, 50, *[None] * 6]
    assert lefts(parted, 1, range(12)) == [*[None] * 6, 60, 70, 80, 90, 100, 100]
    assert [[one.label for one in face.said] for face in parted.media[VIDEO].faces] == [["anger"], ["fear"]]
    whole = after(VIDEO, {"do": "join", "face": "f1", "other": "f2"}, before=parted)
    assert lefts(whole, 0, range(40)) == lefts(state, 0, range(40))
    assert whole.media[VIDEO].faces[0].said == state.media[VIDEO].faces[0].said
    assert len(whole.media[VIDEO].faces) == 1


def test_a_split_while_gone_needs_a_later_mark() -> None:
    state = after(
        VIDEO,
        {"do": "add", "mark": at(0)},
        {"do": "gone", "face": "f1", "frame": 5},
        {"do": "move", "face": "f1", "mark": at(50, 20)},
    )
    parted = after(VIDEO, {"do": "split", "face": "f1", "frame": 10}, before=state)
    assert frames_of(parted, 0) == [(0, False), (5, True)]
    assert frames_of(parted, 1) == [(20, False)]
    with pytest.raises(ConfigError, match="not to be seen from frame 12 on"):
        after(VIDEO, {"do": "split", "face": "f1", "frame": 12}, before=parted)


def test_a_join_of_one_that_stays_and_one_that_comes_later() -> None:
    """A track without an end is not taken to stay where another mark says otherwise."""
    state = after(VIDEO, {"do": "add", "mark": at(0)}, {"do": "add", "mark": at(40, 4)})
    state = after(VIDEO, {"do": "join", "face": "f2", "other": "f1"}, before=state)
    assert [face.id for face in state.media[VIDEO].faces] == ["f2"]
    assert lefts(state, 0, range(6)) == [0, 10, 20, 30, 40, 40]


def test_a_join_keeps_the_time_in_which_nobody_was_seen() -> None:
    state = after(
        VIDEO,
        {"do": "add", "mark": at(0)},
        {"do": "gone", "face": "f1", "frame": 5},
        {"do": "add", "mark": at(90, 8)},
        {"do": "gone", "face": "f2", "frame": 10},
        {"do": "join", "face": "f1", "other": "f2"},
    )
    assert lefts(state, 0, range(12)) == [0] * 5 + [None] * 3 + [90, 90, None, None]


def test_what_is_said_on_the_frame_of_a_split_is_of_the_second() -> None:
    state = after(
        VIDEO,
        {"do": "add", "mark": at(0)},
        {"do": "say", "face": "f1", "frame": 6, "label": "fear"},
        {"do": "split", "face": "f1", "frame": 6},
    )
    assert [len(face.said) for face in state.media[VIDEO].faces] == [0, 1]


def test_joined_attributes_are_of_the_one_that_stays() -> None:
    state = after(
        VIDEO,
        {"do": "add", "mark": at(0)},
        {"do": "add", "mark": at(40, 4)},
        {"do": "attribute", "face": "f1", "name": "glasses", "value": "no"},
        {"do": "attribute", "face": "f2", "name": "glasses", "value": "yes"},
        {"do": "attribute", "face": "f2", "name": "beard", "value": "yes"},
        {"do": "join", "face": "f1", "other": "f2"},
    )
    assert state.media[VIDEO].faces[0].attributes == {"glasses": "no", "beard": "yes"}


def test_a_join_of_what_two_people_did_is_refused() -> None:
    state = after(
        VIDEO,
        {"do": "add", "mark": at(0)},
        {"do": "move", "face": "f1", "mark": at(20, 20)},
        {"do": "add", "mark": at(100, 10)},
    )
    for face, other in (("f1", "f2"), ("f2", "f1")):
        with pytest.raises(ConfigError, match="both are to be seen on frame 10"):
            after(VIDEO, {"do": "join", "face": face, "other": other}, before=state)


def test_a_join_of_two_words_is_refused() -> None:
    state = after(VIDEO, {"do": "add", "mark": at(0)}, {"do": "say", "face": "f1", "frame": 9, "label": "fear"})
    state = after(VIDEO, {"do": "gone", "face": "f1", "frame": 10}, {"do": "add", "mark": at(0, 10)}, before=state)
    state = after(VIDEO, {"do": "say", "face": "f2", "frame": 10, "label": "anger"}, before=state)
    assert len(after(VIDEO, {"do": "join", "face": "f1", "other": "f2"}, before=state).media[VIDEO].faces) == 1
    moved = after(VIDEO, {"do": "say", "face": "f1", "frame": 9, "label": None}, before=state)
    twice = moved.model_copy(update={"media": (moved.media[0], _said(moved.media[1]))})
    with pytest.raises(ConfigError, match="ann said fear of face f1 and anger of f2 at frame 10"):
        after(VIDEO, {"do": "join", "face": "f1", "other": "f2"}, before=twice)


def _said(video: Medium) -> Medium:
    """With "fear" said of the first face at frame 10, on which it is gone: a file may have that."""
    data = video.model_dump()
    data["faces"][0]["said"] = [{"annotator": "ann", "frame": 10, "label": "fear"}]
    return Medium.model_validate(data)


@pytest.mark.parametrize(
    ("medium", "edit", "message"),
    [
        (7, {"do": "complete", "on": True}, "no medium 7; there are 2"),
        (PICTURE, {"do": "add", "mark": at(200)}, "outside the picture of 200 × 100"),
        (PICTURE, {"do": "add", "mark": at(-20)}, "outside the picture"),
        (PICTURE, {"do": "add", "mark": at(0, 1)}, "a.png has frames 0 to 0, got 1"),
        (VIDEO, {"do": "move", "face": "f1", "mark": at(0, 40)}, "frames 0 to 39, got 40"),
        (PICTURE, {"do": "say", "face": "f9", "label": None}, "no face 'f9'; it has f1"),
        (PICTURE, {"do": "unmark", "face": "f1", "frame": 0}, "the only one of this face; remove the face"),
        (VIDEO, {"do": "unmark", "face": "f1", "frame": 3}, "no mark on frame 3; it has on 5"),
        (PICTURE, {"do": "gone", "face": "f1", "frame": 0}, "in a video only, and a.png is a picture"),
        (PICTURE, {"do": "join", "face": "f1", "other": "f1"}, "in a video only"),
        (PICTURE, {"do": "split", "face": "f1", "frame": 0}, "in a video only"),
        (VIDEO, {"do": "gone", "face": "f1", "frame": 5}, "first to be seen on frame 5"),
        (VIDEO, {"do": "gone", "face": "f1", "frame": 2}, "not to be seen on frame 2 anyway"),
        (VIDEO, {"do": "split", "face": "f1", "frame": 5}, "first to be seen on frame 5"),
        (VIDEO, {"do": "join", "face": "f1", "other": "f1"}, "cannot be joined with itself"),
        (VIDEO, {"do": "say", "face": "f1", "frame": 4, "label": "fear"}, "not to be seen on frame 4"),
        (VIDEO, {"do": "say", "face": "f1", "frame": 40, "label": "fear"}, "frames 0 to 39"),
    ],
)
def test_what_cannot_be_done(medium: int, edit: dict[str, Any], message: str) -> None:
    state = after(PICTURE, {"do": "add", "mark": at(0)})
    state = after(VIDEO, {"do": "add", "mark": at(0, 5)}, before=state)
    with pytest.raises(ConfigError, match=message):
        after(medium, edit, before=state)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "this is no edit"),
        ({"do": "delete", "face": "f1"}, "this is no edit: .*'delete'"),
        ({"do": "say", "face": "f1", "label": "hapiness"}, "did you mean 'happiness'.*known: neutral, .*unsure"),
        ({"do": "say", "face": "f1"}, "say.label: Field required"),
        ({"do": "add", "mark": {"x1": 5, "y1": 0, "x2": 5, "y2": 9}}, "x1 < x2"),
        ({"do": "add", "mark": {"x1": float("nan"), "y1": 0, "x2": 5, "y2": 9}}, "add.mark.x1"),
        ({"do": "ignore", "face": "../f1", "on": True}, "ignore.face"),
        ({"do": "remove", "face": "f1", "id": 3}, "remove.id"),
    ],
)
def test_what_is_no_edit(data: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        edit_of(data)


def test_a_face_may_reach_past_the_edge() -> None:
    state = after(PICTURE, {"do": "add", "mark": at(-10)})
    assert truths(state.media[PICTURE], 0)[0].box == Box(-10, 10, 10, 30)


def test_an_annotator_needs_a_name() -> None:
    assert with_annotator(labels(), "Ann B.").annotators == ("Ann B.",)
    assert with_annotator(with_annotator(labels(), "ann"), "ann").annotators == ("ann",)
    with pytest.raises(ConfigError, match="no name for an annotator"):
        with_annotator(labels(), "a\nb")


def test_proposals_come_behind_what_is_there() -> None:
    state = after(VIDEO, {"do": "add", "mark": at(0)})
    track = (Mark(frame=3, x1=1, y1=1, x2=9, y2=9, by="yunet"), Mark(frame=7, x1=1, y1=1, x2=9, y2=9, gone=True))
    state = added(state, VIDEO, [track, track])
    assert [face.id for face in state.media[VIDEO].faces] == ["f1", "f2", "f3"]
    assert state.media[VIDEO].faces[2].marks == track
    with pytest.raises(ConfigError, match=r"b\.mp4.*face f4 has frame 40"):
        added(state, VIDEO, [(Mark(frame=40, x1=1, y1=1, x2=9, y2=9),)])


def test_undo_and_redo_give_the_states_back() -> None:
    first = labels()
    second = after(PICTURE, {"do": "add", "mark": at(0)})
    third = after(PICTURE, {"do": "remove", "face": "f1"}, {"do": "complete", "on": True}, before=second)
    history = History(first)
    history.do(second)
    history.do(third)
    history.do(third)  # no step
    assert [history.undo(), history.undo()] == [second, first]
    assert (history.can_undo, history.can_redo) == (False, True)
    with pytest.raises(ConfigError, match="nothing to undo"):
        history.undo()
    assert history.redo() == history.now == second
    history.do(first)  # forgets what could be done again
    with pytest.raises(ConfigError, match="nothing to redo"):
        history.redo()
    assert history.undo() == second


def test_history_is_bounded() -> None:
    history = History(labels(), limit=3)
    states = [LabelFile(title=str(number)) for number in range(6)]
    for state in states:
        history.do(state)
    assert [history.undo().title for _ in range(3)] == ["4", "3", "2"]
    assert not history.can_undo


def test_where_two_states_differ() -> None:
    state = labels()
    assert first_difference(state, state) is None
    assert first_difference(state, labels()) is None
    assert first_difference(state, after(VIDEO, {"do": "complete", "on": True})) == VIDEO
    assert first_difference(state, LabelFile(media=state.media[:1])) == 1
