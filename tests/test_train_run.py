"""Training itself, on faces made up on the spot. Needs torch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import made_faces
from tools.train import settings as s
from tools.train.__main__ import chain, copied
from tools.train.calibrate import Calibration, softmax
from tools.train.data import Faces

torch = pytest.importorskip("torch", reason="torch is not installed; it comes with the extra train")

from tools.train import export, twin  # noqa: E402  # these need torch
from tools.train.augment import Distortions  # noqa: E402
from tools.train.best import BEST, load_best, made_elsewhere  # noqa: E402
from tools.train.fit import CHECKPOINT, LOG, Run  # noqa: E402
from tools.train.teaching import answers, copies, lessons, sharpened  # noqa: E402

SHAPE = s.Network(widths=(6, 8), blocks=(1, 1), dropout=0.1)
GENTLE = s.Augmentation(rotation=3, zoom=(0.95, 1.05), stretch=0.0, shift=0.02, cutout=0.0, low=0.0, blur=0.0,
                        noise=0.1, jpeg=0.05, mixup=0.2)  # fmt: skip


class Stopped(Exception):
    """Raised where a run is to be stopped."""


def chosen(**fit: Any) -> s.Settings:
    """Two short epochs of a tiny network, with its own teacher in the second."""
    wanted: dict[str, Any] = {"epochs": 2, "batch": 32, "teach_from": 0.5, "threads": 1, "average": 0.9}
    return s.Settings(network=SHAPE, fit=s.Fit(**wanted | fit))


def gentle(settings: s.Settings) -> s.Settings:
    return settings.model_copy(update={"augmentation": GENTLE})


def silent(_: str) -> None:
    """Says nothing."""


def nowhere(*_: Any) -> bool:
    """No run is there already."""
    return False


def stop(_: str) -> None:
    raise Stopped


def weights_of(run: Run) -> list[Any]:
    return [*run.network.state_dict().values(), *run.average.state_dict().values()]


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(200), made_faces.faces(40, seed=1)
    whole = Run(chosen(), faces, tmp_path / "whole")
    whole.train(valid, silent)
    with pytest.raises(Stopped):
        Run(chosen(), faces, tmp_path / "parts").train(valid, stop)
    resumed = Run(chosen(), faces, tmp_path / "parts")
    assert resumed.done == 1
    resumed.train(valid, silent)
    assert all(torch.equal(one, other) for one, other in zip(weights_of(whole), weights_of(resumed), strict=True))
    logs = [
        [json.loads(line) for line in (tmp_path / name / LOG).read_text().splitlines()] for name in ("whole", "parts")
    ]
    for line in (line for log in logs for line in log):
        del line["seconds"]
    assert logs[0] == logs[1]
    assert len(logs[0]) == 2


def test_another_seed_gives_another_network(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(64), made_faces.faces(16, seed=1)
    runs = [Run(chosen(epochs=1, seed=seed), faces, tmp_path / str(seed)) for seed in (1, 2)]
    for run in runs:
        run.train(valid, silent)
    assert not torch.equal(runs[0].network.head.weight, runs[1].network.head.weight)


def test_a_run_with_other_settings_is_not_gone_on_with(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(64), made_faces.faces(16, seed=1)
    Run(chosen(epochs=1), faces, tmp_path).train(valid, silent)
    with pytest.raises(s.SettingsError, match="holds a run with other settings: name another folder with --run"):
        Run(chosen(epochs=2), faces, tmp_path)


def test_a_folder_without_a_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(s.SettingsError, match=rf"{tmp_path.name} holds no {BEST}: train first"):
        load_best(tmp_path)


def test_what_can_be_learnt_is_learnt_and_kept(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(320), made_faces.faces(80, seed=1)
    settings = gentle(chosen(epochs=10, batch=16, teach=0.0, rate=0.1))
    Run(settings, faces, tmp_path).train(valid, silent)
    accuracies = [json.loads(line)["accuracy"] for line in (tmp_path / LOG).read_text().splitlines()]
    assert max(accuracies) > 0.9
    network, kept = load_best(tmp_path)
    assert kept == settings
    said = twin.logits(network, valid.images).argmax(axis=1)
    assert (said == valid.labels).mean() == pytest.approx(max(accuracies), abs=0.03)  # the log computes in bfloat16


def test_distorted_faces_keep_their_shape_and_range() -> None:
    images = torch.from_numpy(made_faces.faces(96).images)

    def distorted(seed: int) -> Any:
        return Distortions(s.Augmentation(low=1.0, noise=1.0, jpeg=0.5), 48, torch.Generator().manual_seed(seed))(
            images
        )

    first, again, other = distorted(1), distorted(1), distorted(2)
    assert first.shape == (96, 1, 48, 48)
    assert first.dtype == torch.float32
    assert 0 <= float(first.min()) < 40
    assert 180 < float(first.max()) <= 255
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_mixed_targets_stay_shares_and_follow_the_picture() -> None:
    distort = Distortions(s.Augmentation(mixup=1.0, mixup_alpha=0.5), 48, torch.Generator().manual_seed(0))
    targets = torch.eye(8)[torch.arange(64) % 8]
    pictures = targets.argmax(1).float()[:, None, None, None].expand(64, 1, 4, 4) * 10
    x, mixed = distort.mixed(pictures, targets)
    assert torch.allclose(mixed.sum(1), torch.ones(64))
    assert bool(((mixed * torch.arange(8) * 10).sum(1) - x[:, 0, 0, 0]).abs().max() < 1e-3)
    assert bool((mixed.max(1).values >= 0.5).all())
    assert 0 < int((mixed.max(1).values < 0.999).sum()) <= 64


def untrained(shape: s.Network = SHAPE) -> tuple[Any, s.Network]:
    """A network whose normalisation has seen a few faces."""
    from tools.train.network import Network

    torch.manual_seed(3)
    network = Network(shape)
    faces: Faces = made_faces.faces(64)
    network.train()
    with torch.no_grad():
        network(torch.from_numpy(faces.images)[:, None].float())
        network.head.weight.mul_(20)
    return network.eval(), shape


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_file_is_the_network_and_exactly_its_twin(mirrored: bool) -> None:
    from tools.train.ship import answered

    network, shape = untrained(SHAPE.model_copy(update={"mirrored": mirrored}))
    calibration = Calibration(0.5, np.linspace(0, 1, 8))
    images = made_faces.faces(256, seed=5).images
    given = answered(export.build(twin.weights(network), shape, calibration), images)
    assert np.ptp(given, axis=0).max() > 0.05, "the faces must differ for the comparison to say anything"
    assert export.compare(given, calibration(twin.logits(network, images))) > 1e-6
    exact = softmax(twin.logits(twin.stored(network, calibration), images))
    np.testing.assert_allclose(given, exact, atol=1e-5)


def test_the_twin_leaves_the_network_as_it_was() -> None:
    network, _ = untrained()
    before = {name: values.clone() for name, values in network.state_dict().items()}
    twin.stored(network, Calibration(0.5, np.ones(8)))
    assert all(torch.equal(before[name], values) for name, values in network.state_dict().items())


def test_a_face_alone_is_answered_as_among_others() -> None:
    network, _ = untrained()
    images = made_faces.faces(9).images
    together = twin.logits(network, images, batch=4)
    np.testing.assert_allclose(together[8:], twin.logits(network, images[8:]), atol=1e-4)


def test_a_run_starts_from_the_best_weights_of_the_one_before(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(100), made_faces.faces(40, seed=1)
    after = chosen(epochs=1).model_copy(update={"before": chosen()})
    with pytest.raises(s.SettingsError, match="train first"):
        Run(after, faces, tmp_path)
    Run(chosen(), faces, tmp_path / s.BEFORE).train(valid, silent)
    first, _ = load_best(tmp_path / s.BEFORE)
    run = Run(after, faces, tmp_path)
    for weights in (run.network.state_dict(), run.average.state_dict()):
        assert all(torch.equal(weights[name], value) for name, value in first.state_dict().items())
    run.train(valid, silent)
    assert load_best(tmp_path)[1] == after


def test_runs_are_made_in_their_order(tmp_path: Path) -> None:
    first, second = chosen(seed=1), chosen(seed=2).model_copy(update={"before": chosen(seed=1)})
    third = chosen(seed=3).model_copy(update={"before": second})
    assert list(chain(third, tmp_path, made_elsewhere)) == [
        (third, tmp_path),
        (second, tmp_path / s.BEFORE),
        (first, tmp_path / s.BEFORE / s.BEFORE),
    ]


def test_teachers_are_made_before_their_pupil_and_the_run_before_is_one(tmp_path: Path) -> None:
    before, wide = chosen(seed=1), chosen(seed=5)
    pupil = chosen(seed=2).model_copy(update={"before": before, "teachers": (wide,)})
    assert list(chain(pupil, tmp_path, made_elsewhere)) == [
        (pupil, tmp_path),
        (wide, tmp_path / s.teacher(1)),
        (before, tmp_path / s.BEFORE),
    ]
    assert pupil.taught_by(tmp_path) == (tmp_path / s.teacher(1), tmp_path / s.BEFORE)
    assert wide.taught_by(tmp_path) == before.model_copy(update={"before": wide}).taught_by(tmp_path) == ()
    assert pupil.digest() != chosen(seed=2).model_copy(update={"before": before}).digest()


def test_a_run_that_is_needed_twice_is_made_once(tmp_path: Path) -> None:
    first = chosen(seed=1)
    second = chosen(seed=2).model_copy(update={"before": first, "teachers": (first,)})
    made: dict[str, Path] = {}
    asked = []
    for run, folder in reversed(list(chain(second, tmp_path, nowhere))):
        if not copied(run, folder, made):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / BEST).write_text(run.digest())
            (folder / s.BEFORE).mkdir(exist_ok=True)
            asked.append(run)
    assert asked == [first, second]
    assert (tmp_path / s.teacher(1) / BEST).read_text() == (tmp_path / s.BEFORE / BEST).read_text() == first.digest()
    assert not (tmp_path / s.teacher(1) / s.BEFORE).exists()


WAYS: dict[str, dict[str, Any]] = {
    "before": {},
    "as it sees them": {"teach_seen": True},
    "of copies": {"teach_copies": 3},
}
"""How teachers answer."""


@pytest.mark.parametrize("way", WAYS)
def test_a_pupil_learns_what_its_teacher_says(tmp_path: Path, way: str) -> None:
    """The annotators say nothing at all (every label alike): all that can be learnt comes from the teacher."""
    faces, valid = made_faces.faces(320), made_faces.faces(80, seed=1)
    master = gentle(chosen(epochs=10, batch=16, teach=0.0, rate=0.1))
    silent_votes = replace(faces, shares=np.full_like(faces.shares, 1 / 8))
    learning = master.fit.model_copy(update={"teach": 1.0, **WAYS[way]})
    pupil = master.model_copy(update={"teachers": (master,), "fit": learning})
    with pytest.raises(s.SettingsError, match="train first"):
        Run(pupil, silent_votes, tmp_path)
    Run(master, faces, tmp_path / s.teacher(1)).train(valid, silent)
    Run(pupil, silent_votes, tmp_path).train(valid, silent)
    accuracies = [json.loads(line)["accuracy"] for line in (tmp_path / LOG).read_text().splitlines()]
    assert max(accuracies) > 0.85


def test_a_lesson_is_the_mean_over_teachers_and_mirror_images() -> None:
    network, _ = untrained()
    images = torch.from_numpy(made_faces.faces(16).images)
    both = [softmax(twin.logits(network, view)) for view in (images.numpy(), images.numpy()[:, :, ::-1].copy())]
    np.testing.assert_allclose(lessons([network], images), np.mean(both, axis=0), atol=0.02)  # bfloat16
    assert torch.allclose(lessons([network], images), lessons([network, network], images), atol=1e-6)


def test_an_answer_to_a_distorted_face_is_the_mean_over_teachers() -> None:
    first, _ = untrained()
    torch.manual_seed(8)
    second = type(first)(SHAPE).train()
    x = torch.from_numpy(made_faces.faces(16).images)[:, None].float() + 0.5
    with torch.no_grad():
        wanted = [torch.softmax(one.eval()(x), dim=1) for one in (first, second)]
    assert float((wanted[0] - wanted[1]).abs().max()) > 0.05
    torch.testing.assert_close(answers([first, second.train()], x), (wanted[0] + wanted[1]) / 2, atol=0.02, rtol=0)


def turned(images: Any, count: int) -> tuple[Any, Any, Any]:
    """Copies of these faces, the network that spoke of them, and what was said meanwhile."""
    network, _ = untrained()
    lines: list[str] = []
    distort = Distortions(s.Augmentation(cutout=1.0), 48, torch.Generator().manual_seed(3))
    return copies([network], distort, images, count, lines.append), network, lines


def test_copies_come_with_what_is_said_of_them_and_of_their_mirror_images() -> None:
    faces = torch.from_numpy(made_faces.faces(20).images)
    made, network, lines = turned(faces, 3)
    assert made.images.shape == (20, 3, *faces.shape[1:])
    assert (made.images[:, 0] != made.images[:, 1]).any(dim=(1, 2)).all()
    assert lines == [f"copy {number}/3 of each face shown to the teachers (about 0 min left)" for number in (1, 2, 3)]
    for number in range(3):
        seen = made.images[:, number].numpy()
        both = [softmax(twin.logits(network, view)) for view in (seen, seen[:, :, ::-1].copy())]
        np.testing.assert_allclose(made.said[:, number], np.mean(both, axis=0), atol=0.02)  # bfloat16


def test_a_drawn_copy_is_one_of_its_face_or_its_mirror_image() -> None:
    made, _, _ = turned(torch.from_numpy(made_faces.faces(20).images), 3)
    rows = torch.tensor([4, 4, 4, 4, 4, 4, 4, 4, 17, 17])
    x, said = made.drawn(rows, torch.Generator().manual_seed(5))
    drawn = set()
    for row, picture, answer in zip(rows.tolist(), x[:, 0], said, strict=True):
        views = [(one, flip) for one in range(3) for flip in (False, True)]
        own = {(one, flip): made.images[row, one].flip(1) if flip else made.images[row, one] for one, flip in views}
        found = [view for view in views if torch.equal(own[view].float(), picture)]
        assert len(found) == 1
        assert torch.equal(made.said[row, found[0][0]], answer)
        drawn.add(found[0])
    assert {one for one, _ in drawn} == {0, 1, 2}
    assert {flip for _, flip in drawn} == {False, True}


def test_a_run_that_is_gone_on_with_has_its_copies_and_another_may_have_them_too(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(64), made_faces.faces(16, seed=1)
    master = chosen(epochs=1)
    Run(master, faces, tmp_path / s.teacher(1)).train(valid, silent)
    fit = chosen(teach_from=0.0).fit.model_copy(update={"teach_copies": 2})
    pupil = master.model_copy(update={"teachers": (master,), "fit": fit})
    said: list[str] = []

    def stop_at_an_epoch(line: str) -> None:
        said.append(line)
        if line.startswith("epoch"):
            raise Stopped

    with pytest.raises(Stopped):
        Run(pupil, faces, tmp_path).train(valid, stop_at_an_epoch)
    assert sum(line.startswith("copy") for line in said) == 2
    again: list[str] = []
    Run(pupil, faces, tmp_path).train(valid, again.append)
    assert [line.split()[0] for line in again] == ["epoch"]
    sharper = pupil.model_copy(update={"fit": pupil.fit.model_copy(update={"sharpen": 2.0, "seed": 9})})
    more = pupil.model_copy(update={"fit": pupil.fit.model_copy(update={"teach_copies": 3})})
    for run, wanted in ((sharper, 0), (more, 3)):
        lines: list[str] = []
        (tmp_path / CHECKPOINT).unlink()
        Run(run, faces, tmp_path).train(valid, lines.append)
        assert sum(line.startswith("copy") for line in lines) == wanted


def test_a_plain_teacher_sees_the_faces_of_a_larger_pupil_in_its_own_size() -> None:
    """Faces of twice the side, each pixel four times, are answered nearly like those of the teacher's side."""
    teacher, _ = untrained()
    x = torch.from_numpy(made_faces.faces(64).images)[:, None].float()
    larger = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    with torch.no_grad():
        wanted, unsized = (torch.softmax(teacher.eval()(one), dim=1) for one in (x, larger))
    near, far = ((wanted - given).abs().mean() for given in (answers([teacher], larger), unsized))
    assert far > 2 * near, (near, far)


def test_sharper_shares_keep_their_order_and_sum() -> None:
    given = torch.tensor([[0.6, 0.3, 0.1, 0.0], [0.25, 0.25, 0.25, 0.25]])
    wanted = torch.tensor([[0.36, 0.09, 0.01, 0.0], [0.0625, 0.0625, 0.0625, 0.0625]])
    torch.testing.assert_close(sharpened(given, 2.0), wanted / wanted.sum(1, keepdim=True))
    assert torch.equal(sharpened(given, 1.0), given)
    wanted = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    torch.testing.assert_close(sharpened(given, 500.0), wanted)


@pytest.mark.parametrize("taught", ["by votes", *WAYS])
def test_a_run_with_sharper_targets_is_surer(tmp_path: Path, taught: str) -> None:
    """However the targets come about. The votes are split six to four between the label and the next one."""
    faces, valid = made_faces.faces(320), made_faces.faces(80, seed=1)
    split = replace(faces, shares=(0.6 * faces.shares + 0.4 * np.roll(faces.shares, 1, axis=1)).astype(np.float32))
    plain = gentle(chosen(epochs=8, batch=16, teach=0.0, rate=0.1))
    Run(plain, split, tmp_path / "teacher").train(valid, silent)
    sure = []
    for power in (1.0, 3.0):
        folder = tmp_path / str(power)
        how = {"teach": float(taught in WAYS), "teach_from": 0.0, **WAYS.get(taught, {})}
        learning = plain.fit.model_copy(update={**how, "sharpen": power})
        run = plain.model_copy(update={"fit": learning, "teachers": (plain,) if how["teach"] else None})
        (folder / s.teacher(1)).mkdir(parents=True)
        (folder / s.teacher(1) / BEST).write_bytes((tmp_path / "teacher" / BEST).read_bytes())
        Run(run, split, folder).train(valid, silent)
        sure.append(softmax(twin.logits(load_best(folder)[0], valid.images)).max(axis=1).mean())
    assert sure[1] > sure[0] + 0.1, sure


def test_a_run_may_end_before_its_cycle_does(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(64), made_faces.faces(16, seed=1)
    logs: list[list[float]] = []
    for ending in ({"epochs": 3}, {"epochs": 3, "end_after": 1}, {"epochs": 3, "end_after": 9}):
        folder = tmp_path / str(len(logs))
        Run(chosen(**ending), faces, folder).train(valid, silent)
        logs.append([json.loads(line)["rate"] for line in (folder / LOG).read_text().splitlines()])
    assert logs[1] == logs[0][:1]
    assert logs[2] == logs[0]
    assert len(logs[0]) == 3


def test_a_rate_that_rises_less_starts_higher(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(320), made_faces.faces(16, seed=1)
    rates = []
    for rise in (2.0, 100.0):
        folder = tmp_path / str(rise)
        settings = chosen(rise=rise, warm_up=0.98, end_after=1, rate=0.1, teach=0.0)
        Run(settings, faces, folder).train(valid, silent)
        rates.append(json.loads((folder / LOG).read_text())["rate"])
    assert rates == pytest.approx([0.075, 0.05], rel=0.2)
    assert rates[0] > 1.2 * rates[1]


def test_the_run_before_need_not_teach(tmp_path: Path) -> None:
    pupil = chosen(before_teaches=False).model_copy(update={"before": chosen(seed=1), "teachers": (chosen(seed=5),)})
    assert pupil.taught_by(tmp_path) == (tmp_path / s.teacher(1),)


def test_a_run_before_of_another_shape_is_refused(tmp_path: Path) -> None:
    faces, valid = made_faces.faces(64), made_faces.faces(16, seed=1)
    Run(chosen(epochs=1), faces, tmp_path / s.BEFORE).train(valid, silent)
    wide = s.Network(widths=(6, 9), blocks=(1, 1))
    after = chosen(epochs=1).model_copy(update={"before": chosen(epochs=1), "network": wide})
    with pytest.raises(s.SettingsError, match="before, has a network of another shape"):
        Run(after, faces, tmp_path)


def test_a_teacher_that_is_too_slow_is_not_shipped() -> None:
    from tools.train.ship import Parts, make

    faces = made_faces.faces(8)
    slow = chosen().model_copy(update={"network": s.Pretrained(pretrained="dlib")})
    with pytest.raises(s.SettingsError, match="a teacher's, too slow to be shipped: name a run of a plain network"):
        make(None, slow, Parts(faces, faces, faces))


def test_the_last_part_of_a_run_is_gentle(tmp_path: Path) -> None:
    """The same first epoch, another second one."""
    faces, valid = made_faces.faces(100), made_faces.faces(40, seed=1)
    logs = []
    for share in (0.5, 1.0):
        Run(chosen(gentle_from=share), faces, tmp_path / str(share)).train(valid, silent)
        logs.append([json.loads(line)["loss"] for line in (tmp_path / str(share) / LOG).read_text().splitlines()])
    assert logs[0][0] == logs[1][0]
    assert logs[0][1] != logs[1][1]
