"""Only what this user alone can have written, and what nobody altered, is loaded."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines.errors import EngineUnavailable
from engines.plan_files import Refused, foreign, read
from engines.plans import Plans
from tests.tiny_plans import Maker, rtx_key

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows keeps others out of the user's folders by itself")


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    return Plans(tmp_path / "own" / "engines", wait=5)


def altered_plan(path: Path) -> None:
    path.write_bytes(b"plan 9")


def altered_sidecar(path: Path) -> None:
    sidecar = path.with_suffix(".json")
    sidecar.write_text(sidecar.read_text("utf-8").replace('"sha256": "', '"sha256": "f'), "utf-8")


def cut_sidecar(path: Path) -> None:
    path.with_suffix(".json").write_bytes(path.with_suffix(".json").read_bytes()[:40])


def unknown_format(path: Path) -> None:
    sidecar = path.with_suffix(".json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text("utf-8")) | {"format": 2}), "utf-8")


def swapped_key(path: Path) -> None:
    sidecar = path.with_suffix(".json")
    told = json.loads(sidecar.read_text("utf-8"))
    told["key"]["recipe"] = "half 1"
    sidecar.write_text(json.dumps(told), "utf-8")


def no_sidecar(path: Path) -> None:
    path.with_suffix(".json").unlink()


def no_plan(path: Path) -> None:
    path.unlink()


def writable(path: Path) -> None:
    path.chmod(0o666)


def writable_sidecar(path: Path) -> None:
    path.with_suffix(".json").chmod(0o660)


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILT: list[Any] = [
    (altered_plan, "it was altered: its sha256 is not"),
    (altered_sidecar, "it was altered: its sha256 is not f"),
    (cut_sidecar, "its sidecar cannot be read: .*JSON"),
    (unknown_format, "its sidecar cannot be read: format"),
    (swapped_key, "its sidecar is for something else"),
    (no_sidecar, "it has no sidecar: engines built by others are refused"),
    (no_plan, "the plan is gone, only its sidecar is there"),
    pytest.param(writable, r"others may write to it \(mode 666\)", marks=POSIX),
    pytest.param(writable_sidecar, r"its sidecar: others may write to it \(mode 660\)", marks=POSIX),
    pytest.param(linked, "symbolic link", marks=POSIX),
    pytest.param(pipe, "it is no regular file", marks=POSIX),
]


@pytest.mark.parametrize(("spoil", "reason"), SPOILT)
def test_what_was_spoilt_is_never_loaded_but_said_and_built_anew(
    spoil: Callable[[Path], None], reason: str, plans: Plans, caplog: pytest.LogCaptureFixture
) -> None:
    make = Maker()
    spoil(plans.build(rtx_key(), "groupmood", make).path)
    [checked] = plans.check()
    assert caplog.records == []
    with caplog.at_level(logging.WARNING):
        assert plans.find(rtx_key()) is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert_words(reason, caplog.text)
    assert_words(reason, checked.state)
    assert plans.list() == ()
    assert plans.build(rtx_key(), "groupmood", make).data == b"plan 2"
    found = plans.find(rtx_key())
    assert found is not None
    assert found.data == b"plan 2"
    assert [checked.state for checked in plans.check()] == ["ready"]


def assert_words(pattern: str, text: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        raise ValueError(text)


@POSIX
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720])
def test_a_folder_that_others_can_write_to_is_refused(mode: int, plans: Plans) -> None:
    plans.build(rtx_key(), "groupmood", Maker())
    plans.folder.chmod(mode)
    acts: tuple[Callable[[], object], ...] = (
        lambda: plans.find(rtx_key()),
        lambda: plans.build(rtx_key(), "groupmood", Maker()),
        plans.check,
        plans.list,
        plans.clear,
        lambda: plans.timings(rtx_key()),
    )
    for act in acts:
        with pytest.raises(
            EngineUnavailable, match=rf"mode {mode:o}\), and engines built by others are refused.*chmod 700"
        ):
            act()
    plans.folder.chmod(0o755)
    assert plans.find(rtx_key()) is not None, "others may look"


@POSIX
def test_another_users_file_is_foreign(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    path.write_bytes(b"plan")
    path.chmod(0o600)
    status = path.stat()
    assert foreign(status, status.st_uid) == ""
    assert foreign(status, None) == "", "Windows has no such numbers"
    assert foreign(status, status.st_uid + 1) == (
        f"it belongs to user {status.st_uid}, not to you (user {status.st_uid + 1})"
    )


@POSIX
def test_another_users_plan_is_refused_for_real(plans: Plans) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a file to another user")
    path = plans.build(rtx_key(), "groupmood", Maker()).path
    os.chown(path, 12345, -1)
    with pytest.raises(Refused, match="it belongs to user 12345"):
        read(path)
    assert plans.find(rtx_key()) is None
    os.chown(plans.folder, 12345, -1)
    with pytest.raises(EngineUnavailable, match="it belongs to user 12345"):
        plans.find(rtx_key())
