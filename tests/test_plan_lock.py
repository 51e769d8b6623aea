"""One builder a plan, among threads and among real processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.errors import EngineUnavailable
from engines.plans import Plan, Plans
from tests.tiny_plans import Maker, rtx_key


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    return Plans(tmp_path / "own" / "engines", wait=5)


def test_threads_build_a_plan_once(plans: Plans) -> None:
    make, barrier, found = Maker(), threading.Barrier(4), list[Plan]()

    def work() -> None:
        barrier.wait()
        found.append(plans.build(rtx_key(), "groupmood", make))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert make.made == 1
    assert {plan.data for plan in found} == {b"plan 1"}
    assert not list(plans.folder.glob("*.lock"))


BUILDER = """
import logging, sys
from pathlib import Path
from engines.plan_key import Key
from engines.plans import Plans
from engines.trt_build import Built

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s", force=True)

def make():
    print("building", flush=True)
    return Built(sys.stdin.readline().encode(), 1.0, ())

plan = Plans(Path(sys.argv[1]), wait=60).build(Key.model_validate_json(sys.argv[2]), "groupmood", make)
print("has", plan.data.decode(), end="", flush=True)
"""
"""Says "building", and builds when it is told what."""


@pytest.fixture
def builder(plans: Plans) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts processes which build one plan into one folder."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", BUILDER, str(plans.folder), rtx_key().model_dump_json()]
        started.append(subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_two_processes_build_a_plan_once(builder: Callable[[], subprocess.Popen[str]], plans: Plans) -> None:
    first = builder()
    assert line(first) == "building\n"
    second = builder()
    assert line(second).startswith(f"waiting for process {first.pid} since ")
    assert first.communicate("by the first\n", timeout=60)[0] == "has by the first\n"
    assert second.communicate(timeout=60)[0] == "has by the first\n"
    found = plans.find(rtx_key())
    assert found is not None
    assert found.data == b"by the first\n"
    assert not list(plans.folder.glob("*.lock"))


def test_a_builder_that_is_killed_holds_nobody_up(builder: Callable[[], subprocess.Popen[str]], plans: Plans) -> None:
    first = builder()
    assert line(first) == "building\n"
    second = builder()
    assert line(second).startswith("waiting")
    first.kill()
    assert line(second) == "building\n"
    assert second.communicate("by the second\n", timeout=60)[0] == "has by the second\n"
    found = plans.find(rtx_key())
    assert found is not None
    assert found.data == b"by the second\n"


def test_waiting_has_an_end_and_says_for_whom(builder: Callable[[], subprocess.Popen[str]], plans: Plans) -> None:
    first = builder()
    assert line(first) == "building\n"
    make = Maker()
    with pytest.raises(
        EngineUnavailable, match=rf"process {first.pid} since .* is at the plan of groupmood: waited 0 s"
    ):
        Plans(plans.folder, wait=0).build(rtx_key(), "groupmood", make)
    assert make.made == 0
