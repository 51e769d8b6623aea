"""The made-up scene: how its pictures are put together, its story, its portraits."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.emotions import LABELS
from streamer.errors import SourceError
from streamer.sources import story
from streamer.sources.portraits import COLLINS, HOPPER, located, portrait_credits, read
from streamer.sources.scene import Scene, SceneSpec, TruthPerson
from streamer.sources.sprites import paste, placed, sprite
from streamer.types import Image


@pytest.fixture(scope="module")
def scenes() -> dict[int, Scene]:
    return {people: Scene(SceneSpec(people=people, width=320, height=180)) for people in (1, 2, 3, 4)}


def keys(scene: Scene, seconds: float) -> list[str]:
    return [person.key for person in truth_at(scene, seconds)]


def truth_at(scene: Scene, seconds: float) -> tuple[TruthPerson, ...]:
    return scene.truth(round(seconds * scene.spec.fps))


# The pixels


def test_the_same_spec_gives_the_same_pixels() -> None:
    spec = SceneSpec(people=4, width=320, height=180)
    first, second, other = Scene(spec), Scene(spec), Scene(replace(spec, seed=2))
    for index in (0, 130, 290, 425):
        assert np.array_equal(first.render(index), second.render(index))
        assert first.truth(index) == second.truth(index)
    assert not np.array_equal(first.render(130), other.render(130))


@pytest.mark.parametrize(("width", "height"), [(640, 360), (1920, 1080), (361, 641), (64, 64)])
def test_any_size_works_and_faces_keep_their_share_of_it(width: int, height: int) -> None:
    scene = Scene(SceneSpec(people=3, width=width, height=height))
    moment = round(scene.best_moment * 30)
    assert scene.render(moment).shape == (height, width, 3)
    people = scene.truth(moment)
    assert len(people) == scene.expected_people(moment) == 3
    unit = min(width / 1280, height / 720)
    assert all(90 < person.box.height / unit < 200 for person in people)


def test_a_sprite_in_strips_looks_like_one_laid_down_whole() -> None:
    random = np.random.default_rng(3)
    image = np.dstack(np.broadcast_arrays(np.arange(200)[:, None], np.arange(160), 90)).astype(np.uint8)
    alpha = np.zeros((200, 160), np.float32)
    cv2.circle(alpha, (80, 50), 30, (1.0,), -1)
    cv2.rectangle(alpha, (10, 100), (150, 199), (0.6,), -1)
    layer = sprite(image, alpha, 1.0, (80.0, 50.0))
    for x, y, angle in ((150.3, 90.7, 0.6), (20.2, 40.1, -0.6), (290.0, 200.5, 0.3)):
        affine = placed(layer, x, y, 1.006, angle, 120)
        canvas = random.integers(0, 256, (240, 300, 3), np.uint8)
        expected = laid_over(canvas, layer.pixels, affine)
        paste(canvas, layer, affine)
        difference = np.abs(canvas - expected)
        assert difference.max() <= 255 / 32 + 1.5  # OpenCV interpolates in steps of 1/32 pixel
        assert difference.mean() < 0.2


def laid_over(canvas: Image, pixels: NDArray[np.uint8], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = np.asarray(cv2.warpAffine(pixels, affine, (canvas.shape[1], canvas.shape[0])), np.float64)
    return whole[:, :, :3] + canvas * (1 - whole[:, :, 3:] / 255)


def test_a_sprite_outside_changes_nothing() -> None:
    layer = sprite(np.full((40, 40, 3), 200, np.uint8), np.ones((40, 40), np.float32), 1.0, (20.0, 20.0))
    canvas = np.zeros((50, 50, 3), np.uint8)
    for x, y in ((-80.0, 20.0), (20.0, -80.0), (140.0, 20.0), (20.0, 140.0)):
        paste(canvas, layer, placed(layer, x, y, 1.0, 0.0, 0.0))
    assert not canvas.any()


def test_a_sprite_covers_what_is_behind_it_as_far_as_it_is_solid() -> None:
    alpha = np.zeros((40, 40), np.float32)
    alpha[:, 20:] = 1.0
    alpha[:20, 20:] = 0.2
    layer = sprite(np.zeros((40, 40, 3), np.uint8), alpha, 1.0, (0.0, 0.0))
    points = np.array([[110.0, 60.0], [130.0, 60.0], [150.0, 60.0], [130.0, 95.0], [130.0, 80.0]])
    assert layer.covers(points, placed(layer, 100.0, 50.0, 1.0, 0.0, 0.0)) == pytest.approx([0, 0.2, 0, 0, 1])


# The story


def test_people_come_one_by_one_and_stand_from_left_to_right(scenes: dict[int, Scene]) -> None:
    scene = scenes[4]
    assert keys(scene, 0.5) == ["hopper"]
    assert keys(scene, 3.6) == ["hopper", "collins"]
    assert keys(scene, 5.4) == ["collins-double", "hopper", "collins"]
    assert keys(scene, scene.best_moment) == ["collins-double", "hopper", "collins", "hopper-double"]


@pytest.mark.parametrize("people", [1, 2, 3, 4])
def test_at_the_best_moment_everyone_is_in_full_view(scenes: dict[int, Scene], people: int) -> None:
    crowd = truth_at(scenes[people], scenes[people].best_moment)
    assert len(crowd) == people
    assert all(person.visible == 1 and not person.blurred for person in crowd)
    assert all(person.expression in LABELS for person in crowd)


@pytest.mark.parametrize("people", [1, 2, 3, 4])
def test_somebody_who_walks_past_hides_each_face_for_about_two_thirds_of_a_second(
    scenes: dict[int, Scene], people: int
) -> None:
    scene = scenes[people]
    frames = [scene.truth(index) for index in range(round(story.PASSING[0] * 30), round(story.PASSING[1] * 30))]
    for key in keys(scene, scene.best_moment):
        seen = [person.visible for frame in frames for person in frame if person.key == key]
        assert min(seen) < 0.05
        assert 0.5 < sum(share < 0.6 for share in seen) / 30 < 0.9
        assert seen[0] == seen[-1] == 1


def test_one_person_is_out_of_focus_for_about_a_second(scenes: dict[int, Scene]) -> None:
    blurred = [p.key for index in range(600) for p in scenes[3].truth(index) if p.blurred]
    assert set(blurred) == {"collins"}
    assert 0.9 < len(blurred) / 30 < 1.3


def test_a_blurred_face_has_lost_its_detail_and_its_neighbour_has_not(scenes: dict[int, Scene]) -> None:
    scene = scenes[3]
    before, during = (round(t * 30) for t in (13.5, 14.3))
    assert detail(scene, during, "collins") < 0.2 * detail(scene, before, "collins")
    assert detail(scene, during, "hopper") > 0.7 * detail(scene, before, "hopper")


def detail(scene: Scene, index: int, key: str) -> float:
    box = next(person.box for person in scene.truth(index) if person.key == key)
    face = scene.render(index)[round(box.y1) : round(box.y2), round(box.x1) : round(box.x2)]
    return float(np.asarray(cv2.Laplacian(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), cv2.CV_64F)).var())


def test_nothing_is_claimed_of_a_face_that_cannot_be_told(scenes: dict[int, Scene]) -> None:
    for index in range(0, 720, 3):
        for person in scenes[4].truth(index):
            told = person.visible >= 0.6 and not person.blurred
            assert (person.expression is not None) == told


def test_one_leaves_and_the_others_stay(scenes: dict[int, Scene]) -> None:
    assert keys(scenes[3], 18.0) == keys(scenes[3], 19.9) == ["hopper", "collins"]
    assert keys(scenes[2], 19.9) == ["hopper"]
    assert keys(scenes[1], 19.9) == ["hopper"]


def test_a_face_at_the_edge_is_partly_visible(scenes: dict[int, Scene]) -> None:
    entering = [p.visible for index in range(36, 102) for p in scenes[2].truth(index) if p.key == "collins"]
    assert entering == sorted(entering)
    assert any(0.2 < share < 0.8 for share in entering)


def test_the_story_leads_back_to_its_beginning(scenes: dict[int, Scene]) -> None:
    scene, period = scenes[3], round(story.PERIOD * 30)
    assert scene.truth(period + 40) == scene.truth(40)
    assert np.array_equal(scene.render(period), scene.render(0))
    end, start = scene.truth(period - 1)[0].box, scene.truth(period)[0].box
    assert end.iou(start) > 0.97


@pytest.mark.parametrize("people", [3, 4])
def test_nobody_jumps(scenes: dict[int, Scene], people: int) -> None:
    """No face moves by more than a quarter of its width from one frame to the next."""
    before: dict[str, TruthPerson] = {}
    for index in range(round(story.PERIOD * 30)):
        now = {person.key: person for person in scenes[people].truth(index)}
        for key in now.keys() & before.keys():
            assert abs(now[key].box.center[0] - before[key].box.center[0]) < 0.25 * now[key].box.width
        before = now


# The portraits


def test_a_portrait_whose_package_is_missing_says_what_to_install() -> None:
    with pytest.raises(SourceError, match="'no_such_package', not installed: pip install scikit-image"):
        located(replace(COLLINS, package="no_such_package"))


def test_a_portrait_that_is_missing_in_its_package_says_what_to_install() -> None:
    with pytest.raises(SourceError, match=r"absent\.png cannot be read .*: pip install matplotlib"):
        read(replace(HOPPER, file="absent.png"))


def test_credits_name_both_persons_and_their_standing() -> None:
    collins, hopper, doubles = portrait_credits()
    assert "Eileen Collins" in collins
    assert "Grace Hopper" in hopper
    assert all("public domain" in line for line in (collins, hopper))
    assert "mirrored" in doubles


def test_the_packages_that_carry_the_portraits_are_not_imported() -> None:
    code = (
        "import sys; from streamer.sources.scene import *; Scene(SceneSpec(width=64, height=64)).render(0);"
        "sys.exit(', '.join({'skimage', 'matplotlib', 'scipy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
