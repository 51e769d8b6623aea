"""The shipped model as a run to go on with. Needs torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.cards import load_card
from tests import made_faces
from tools.train import settings as s
from tools.train.__main__ import chain
from tools.train.calibrate import Calibration

torch = pytest.importorskip("torch", reason="torch is not installed; it comes with the extra train")

from tools.train import export, twin  # noqa: E402  # these need torch
from tools.train.best import load_best, made_elsewhere, save_best  # noqa: E402
from tools.train.fit import Run  # noqa: E402
from tools.train.network import Network  # noqa: E402
from tools.train.restore import main, restore, unfolded  # noqa: E402

SHAPE = s.Network(widths=(6, 8), blocks=(1, 2), dropout=0.0)
SETTINGS = s.Settings(network=SHAPE, fit=s.Fit(epochs=1, batch=32, threads=1))


@pytest.fixture(params=[False, True], ids=["plain", "mirrored"])
def shape(request: pytest.FixtureRequest) -> s.Network:
    return SHAPE.model_copy(update={"mirrored": request.param})


@pytest.fixture
def trained(shape: s.Network) -> Any:
    """A network whose normalisation has seen a few faces, and tells them apart."""
    torch.manual_seed(3)
    network = Network(shape).train()
    with torch.no_grad():
        network(torch.from_numpy(made_faces.faces(64).images)[:, None].float())
        network.head.weight.mul_(20)
    return network.eval()


def file_of(network: Any) -> bytes:
    return export.build(twin.weights(network), SHAPE, Calibration(0.5, np.zeros(8)))


def test_it_says_what_the_network_said_before_it_was_folded_and_calibrated(shape: s.Network, trained: Any) -> None:
    images = made_faces.faces(40, seed=2).images
    again = unfolded(file_of(trained), shape, 0.5, images)
    wanted = twin.logits(trained, images)
    assert np.ptp(wanted, axis=0).min() > 0.5
    np.testing.assert_allclose(twin.logits(again, images), wanted, atol=0.02)  # weights are stored as float16


def test_its_normalisation_is_as_these_faces_have_it(shape: s.Network, trained: Any) -> None:
    """Else the first step of training would change the answers."""
    images = made_faces.faces(40, seed=2).images
    again = unfolded(file_of(trained), shape, 0.5, images)
    faces = torch.from_numpy(images)[:, None].float()
    x = torch.cat([faces, faces.flip(3)])
    with torch.no_grad():
        settled, own = again.eval()(x), again.train()(x)
    torch.testing.assert_close(own, settled, rtol=0, atol=1e-3 * float(settled.abs().max()))


def test_kernels_are_as_long_as_fresh_ones(shape: s.Network, trained: Any) -> None:
    again = unfolded(file_of(trained), shape, 0.5, made_faces.faces(8).images)
    fresh = dict(Network(shape).named_parameters())
    for name, values in again.named_parameters():
        if values.ndim == 4:
            assert float(values.detach().norm()) == pytest.approx(float(fresh[name].detach().norm()), rel=0.25), name


def test_a_file_of_another_shape_is_refused(trained: Any) -> None:
    with pytest.raises(s.SettingsError, match="has not the network of these settings"):
        unfolded(file_of(trained), s.Network(widths=(6, 8), blocks=(1, 1)), 0.5, made_faces.faces(8).images)


def test_a_run_starts_from_it_and_it_is_not_trained_again(shape: s.Network, trained: Any, tmp_path: Path) -> None:
    first = SETTINGS.model_copy(update={"network": shape})
    after = first.model_copy(update={"before": first})
    folder = tmp_path / s.BEFORE
    assert [path for _, path in chain(after, tmp_path, made_elsewhere)] == [tmp_path, folder]
    folder.mkdir()
    save_best(folder, first, trained, 1, elsewhere=True)
    assert [path for _, path in chain(after, tmp_path, made_elsewhere)] == [tmp_path]
    faces, valid = made_faces.faces(64), made_faces.faces(16, seed=1)
    run = Run(after, faces, tmp_path)
    assert torch.equal(run.network.state_dict()["head.weight"], trained.state_dict()["head.weight"])
    run.train(valid, lambda _: None)
    assert not made_elsewhere(after, tmp_path)
    others = first.model_copy(update={"fit": first.fit.model_copy(update={"seed": 9})})
    with pytest.raises(s.SettingsError, match="trained elsewhere, with other settings"):
        made_elsewhere(others, folder)


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "data"
    folder.mkdir()
    made_faces.write(folder / "train.npz", 80, 1, 0.0)
    made_faces.write(folder / "valid.npz", 16, 2, 0.0)
    return folder


def test_the_shipped_model_is_restored_as_the_run_that_made_it(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--run", str(tmp_path / "run"), "--data", str(data_folder)]
    assert main(words) == 0
    assert "written: " in capsys.readouterr().out
    network, settings = load_best(tmp_path / "run")
    assert settings == s.load(s.DEFAULT)
    assert made_elsewhere(settings, tmp_path / "run")
    card = load_card("groupmood")
    weights = s.DEFAULT.parents[2] / "engines" / "weights" / "groupmood.onnx"
    from tools.train.ship import answered

    images = made_faces.faces(24, seed=5).images
    given = answered(weights.read_bytes(), images)
    own = Calibration(card.baked_temperature or 0, np.zeros(8))(twin.logits(network, images))
    np.testing.assert_allclose(own, given, atol=1e-3)
    with pytest.raises(SystemExit):
        main(words)
    assert "holds a run already" in capsys.readouterr().err


def test_what_is_missing_is_named(tmp_path: Path, data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, message in (
        (["--data", str(tmp_path)], "is not there; name FER+ as .npz with --data"),
        (["--data", str(data_folder), "--card", str(tmp_path / "none.yaml")], "none.yaml cannot be read"),
        (["--data", str(data_folder), "--card", "grupmood"], "did you mean 'groupmood'"),
    ):
        with pytest.raises(SystemExit):
            main(["--run", str(tmp_path / "run"), *words])
        assert message in capsys.readouterr().err


def test_a_teacher_is_not_restored(tmp_path: Path) -> None:
    teacher = SETTINGS.model_copy(update={"network": s.Pretrained(pretrained="dlib")})
    with pytest.raises(s.SettingsError, match="never shipped"):
        restore(tmp_path / "run", teacher, b"", 1.0, made_faces.faces(8).images)
