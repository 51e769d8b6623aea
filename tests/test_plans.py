"""Plans are kept, found again by all that they depend on, listed and cleared."""

from __future__ import annotations

import datetime
import hashlib
import importlib.util
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from engines.errors import EngineUnavailable
from engines.plan_key import Key, key
from engines.plans import Plans, plans_dir
from engines.probe import Driver
from engines.trt_build import BuildSettings, Built, Sizes, build
from engines.trt_library import library
from tests.tiny_models import scaling
from tests.tiny_plans import CLASSIC, GPU, ONNX, RTX, SETTINGS, Maker, classic_key, rtx_key


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    return Plans(tmp_path / "own" / "engines", wait=5)


def test_a_plan_is_built_once_and_found_again(plans: Plans) -> None:
    make = Maker()
    assert plans.find(rtx_key()) is None
    built = plans.build(rtx_key(), "groupmood", make)
    again = plans.build(rtx_key(), "groupmood", make)
    assert (built.data, make.made) == (b"plan 1", 1)
    assert again == built == Plans(plans.folder).find(rtx_key())


def test_the_sidecar_tells_everything_in_clear(plans: Plans) -> None:
    settings = BuildSettings(4, 2, ("7.5", "8.6"), Sizes((32, 32), (480, 640), (640, 640)))
    wanted = rtx_key(recipe="half 1", settings=settings)
    path = plans.build(wanted, "groupmood", Maker()).path
    told = json.loads(path.with_suffix(".json").read_text("utf-8"))
    date = datetime.datetime.fromisoformat(told.pop("date"))
    assert abs(datetime.datetime.now(datetime.UTC) - date) < datetime.timedelta(minutes=5)
    assert told == {
        "format": 1,
        "name": "groupmood",
        "key": {
            "onnx": ONNX,
            "recipe": "half 1",
            "max_batch": 4,
            "best_batch": 2,
            "sizes": [[32, 32], [480, 640], [640, 640]],
            "backend": "tensorrt_rtx",
            "version": "1.7.1",
            "routine": 1,
            "platform": wanted.platform,
            "capabilities": ["7.5", "8.6"],
            "gpu": "",
            "capability": "",
            "driver": "",
        },
        "sha256": hashlib.sha256(b"plan 1").hexdigest(),
        "bytes": 6,
        "builder": "tensorrt_rtx 1.7.1",
        "seconds": 0.25,
        "warnings": ["a warning"],
        "gate": None,
    }


def test_the_key_of_classic_tensorrt_names_gpu_capability_and_driver() -> None:
    found = classic_key()
    assert (found.gpu, found.capability, found.driver) == ("NVIDIA Small", "7.5", "13000")
    with pytest.raises(ValueError, match="for one GPU: the driver must be given"):
        key(ONNX, "fp32", SETTINGS, CLASSIC)


@pytest.mark.parametrize(
    "changed",
    [
        rtx_key(onnx="1" * 64),
        rtx_key(recipe="half 1"),
        rtx_key(settings=BuildSettings(16)),
        rtx_key(settings=BuildSettings(32, 4)),
        rtx_key(settings=BuildSettings(sizes=Sizes((1, 1), (2, 2), (3, 3)))),
        rtx_key(settings=BuildSettings(capabilities=("8.6",))),
        rtx_key(library=replace(RTX, version="1.7.2")),
        rtx_key().model_copy(update={"routine": 2}),
        rtx_key().model_copy(update={"platform": "win32-AMD64"}),
        classic_key(library=replace(CLASSIC, version="1.7.1")),
    ],
)
def test_whatever_changes_is_another_plan(changed: Key, plans: Plans) -> None:
    plans.build(rtx_key(), "groupmood", Maker())
    assert plans.find(changed) is None
    assert changed.digest != rtx_key().digest


@pytest.mark.parametrize(
    "changed",
    [
        classic_key(replace(GPU, name="NVIDIA Large")),
        classic_key(replace(GPU, capability=(8, 0))),
        classic_key(version=13010),
        classic_key(library=replace(CLASSIC, version="10.13.1")),
    ],
)
def test_another_gpu_driver_or_version_is_another_plan(changed: Key, plans: Plans) -> None:
    make = Maker(timing=b"timed")
    plans.build(classic_key(), "groupmood", make)
    assert plans.find(changed) is None
    assert plans.timings(changed) == b"", "nor do the timings hold"
    assert plans.find(classic_key()) is not None


def test_files_are_this_users_alone(plans: Plans) -> None:
    built = plans.build(classic_key(), "groupmood", Maker(timing=b"timed"))
    names = {path.name for path in plans.folder.iterdir()}
    assert names == {built.path.name, built.path.with_suffix(".json").name, f"{classic_key().machine}.timings"}
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in plans.folder.iterdir()} == {0o600}
        folders = (plans.folder, plans.folder.parent)
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_folder_that_cannot_be_made_or_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    plans = Plans(tmp_path / "file" / "engines")
    with pytest.raises(EngineUnavailable, match=r"engines cannot be read|plans cannot be kept in .*another folder"):
        plans.build(rtx_key(), "groupmood", Maker())


def test_a_build_that_fails_leaves_nothing_and_no_lock(plans: Plans) -> None:
    def fails() -> Built:
        raise EngineUnavailable("the GPU is gone")

    with pytest.raises(EngineUnavailable, match="the GPU is gone"):
        plans.build(rtx_key(), "groupmood", fails)
    assert list(plans.folder.iterdir()) == []
    assert plans.build(rtx_key(), "groupmood", Maker()).data == b"plan 1"


def test_a_verdict_is_written_beside_the_plan(plans: Plans) -> None:
    with pytest.raises(EngineUnavailable):
        plans.judge(rtx_key(), {"passed": True})
    built = plans.build(rtx_key(), "groupmood", Maker())
    verdict = {"passed": False, "worst": 0.5, "reasons": ["argmax differs"]}
    assert plans.judge(rtx_key(), verdict).sidecar.gate == verdict
    found = plans.find(rtx_key())
    assert found is not None
    assert (found.data, found.sidecar.gate) == (built.data, verdict)
    built.path.unlink()
    with pytest.raises(EngineUnavailable, match="no plan is there to judge: the plan is gone"):
        plans.judge(rtx_key(), verdict)


def test_timings_are_kept_for_all_plans_of_a_gpu(plans: Plans, caplog: pytest.LogCaptureFixture) -> None:
    assert plans.timings(classic_key()) == b""
    plans.build(classic_key(), "groupmood", Maker(timing=b"timed\nhere"))
    other = key("1" * 64, "half 1", BuildSettings(4, 2), CLASSIC, Driver(13000, (GPU,)))
    assert plans.timings(other) == b"timed\nhere"
    path = plans.folder / f"{other.machine}.timings"
    path.write_bytes(path.read_bytes() + b"!")
    assert plans.timings(other) == b""
    assert "it was altered" in caplog.text


def test_the_plans_are_listed_and_cleared(plans: Plans) -> None:
    assert (plans.list(), plans.check(), plans.clear()) == ((), (), 0)
    for recipe in ("fp32", "half 1"):
        path = plans.build(rtx_key(recipe=recipe), recipe, Maker()).path
    path.write_bytes(b"plan 9")
    path.with_suffix(".jit").write_bytes(b"made from the plan")
    (plans.folder / ".part-left").write_bytes(b"of a process that was killed")
    (plans.folder / "notes.txt").write_bytes(b"somebody's own")
    assert [sidecar.name for sidecar in plans.list()] == ["fp32"]
    assert {found.state.partition(":")[0] for found in plans.check()} == {"ready", "it was altered"}
    assert {found.sidecar.name for found in plans.check() if found.sidecar} == {"fp32", "half 1"}
    assert plans.clear() == 2
    assert [path.name for path in plans.folder.iterdir()] == ["notes.txt"]


def test_the_users_cache_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert plans_dir(tmp_path) == tmp_path
    assert plans_dir().parts[-2:] == ("groupmood", "engines")
    assert Plans().folder == plans_dir()


def test_a_real_plan_is_built_found_and_rebuilt(plans: Plans) -> None:
    if importlib.util.find_spec("tensorrt_rtx") is None:
        pytest.skip("needs tensorrt_rtx: pip install 'groupmood[rtx]'")
    found, model, made = library("tensorrt_rtx", device=False), scaling(), list[Built]()
    wanted = key(hashlib.sha256(model).hexdigest(), "fp32", SETTINGS, found)

    def make() -> Built:
        made.append(build(found, model, "tiny", SETTINGS))
        return made[-1]

    first = plans.build(wanted, "tiny", make)
    assert plans.build(wanted, "tiny", make).data == first.data == made[0].plan
    first.path.write_bytes(first.data[:-1])
    assert plans.build(wanted, "tiny", make).data == made[1].plan
    assert len(made) == 2
    newer = key(wanted.onnx, "fp32", SETTINGS, replace(found, version=f"{found.version}.1"))
    assert plans.find(newer) is None
