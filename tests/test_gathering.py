from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engines.base import Array
from engines.cuda.gathering import Gathering
from engines.cuda.owner import Owner
from engines.cuda.runtime import CudaRuntime
from engines.errors import EngineError
from tests.cuda_fake import FakeRuntime

FOR_EVER = 1000.0
"""A wait that would end the test: whoever gets an answer has not waited for it."""


class Doubling:
    """Twice its input; keeps the number of rows of each run, and fails where one of them is negative."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, runtime: CudaRuntime, feeds: Mapping[str, Array]) -> dict[str, Array]:
        assert runtime.device.index == 0  # refused in a wrong thread
        self.batches.append(len(feeds["x"]))
        if (feeds["x"] < 0).any():
            raise EngineError("a negative row")
        return {"y": feeds["x"] * 2}


@pytest.fixture
def owner() -> Iterator[Owner]:
    with Owner(FakeRuntime) as owner:
        yield owner


@pytest.fixture
def anna() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread


@pytest.fixture
def ben() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread


def acquaint(gathering: Gathering, most: int, *callers: ThreadPoolExecutor) -> None:
    """From now on these are waited for; a full batch is the way to get known without waiting oneself."""
    for caller in callers:
        caller.submit(gathering.run, rows(*range(most))).result(30)


def rows(*values: float, columns: int = 2) -> dict[str, Array]:
    return {"x": np.repeat(np.array(values, np.float32)[:, None], columns, axis=1)}


def answer(outputs: dict[str, Array]) -> list[float]:
    return [float(row[0]) for row in outputs["y"]]


def test_a_single_caller_never_waits(owner: Owner) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=8, wait=FOR_EVER, remembered=FOR_EVER)
    for value in range(3):
        assert answer(gathering.run(rows(value, 5))) == [2 * value, 10]
    assert run.batches == [2, 2, 2]


def test_two_callers_are_joined_and_each_gets_its_rows(
    owner: Owner, anna: ThreadPoolExecutor, ben: ThreadPoolExecutor
) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=8, wait=FOR_EVER, remembered=FOR_EVER)
    acquaint(gathering, 8, anna, ben)
    second = ben.submit(gathering.run, rows(3, 4))
    first = anna.submit(gathering.run, rows(1))
    assert answer(first.result(30)) == [2]
    assert answer(second.result(30)) == [6, 8]
    assert run.batches == [8, 8, 3]


def test_nobody_is_waited_for_longer_than_wanted(owner: Owner, anna: ThreadPoolExecutor) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=8, wait=0.001)
    anna.submit(gathering.run, rows(0)).result()
    assert answer(gathering.run(rows(3))) == [6]
    assert run.batches == [1, 1]


def test_a_full_batch_does_not_wait(owner: Owner, anna: ThreadPoolExecutor) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=2, wait=FOR_EVER, remembered=FOR_EVER)
    anna.submit(gathering.run, rows(0)).result()
    assert answer(gathering.run(rows(3, 4))) == [6, 8]


def test_what_does_not_fit_makes_a_batch_of_its_own(
    owner: Owner, anna: ThreadPoolExecutor, ben: ThreadPoolExecutor
) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=4, wait=FOR_EVER, remembered=FOR_EVER)
    acquaint(gathering, 4, anna, ben)
    second = ben.submit(gathering.run, rows(1, 2, 3))
    first = anna.submit(gathering.run, rows(4, 5, 6))
    assert answer(second.result(30)) == [2, 4, 6]
    assert answer(first.result(30)) == [8, 10, 12]
    assert run.batches == [4, 4, 3, 3]


def test_rows_of_another_shape_are_not_joined_nor_waited_for(owner: Owner, anna: ThreadPoolExecutor) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=8, wait=FOR_EVER, remembered=FOR_EVER)
    anna.submit(gathering.run, rows(0, columns=3)).result()
    assert answer(gathering.run(rows(1, columns=2))) == [2]


def test_too_many_rows_are_run_in_pieces_and_come_back_in_order(owner: Owner) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=4, wait=FOR_EVER, remembered=FOR_EVER)
    assert answer(gathering.run(rows(*range(10)))) == [2 * value for value in range(10)]
    assert run.batches == [4, 4, 2]


def test_no_rows_are_run_as_they_are(owner: Owner) -> None:
    gathering = Gathering(owner, Doubling(), most=4)
    assert gathering.run({"x": np.zeros((0, 2), np.float32)})["y"].shape == (0, 2)


def test_an_error_reaches_all_of_its_batch_and_nobody_else(
    owner: Owner, anna: ThreadPoolExecutor, ben: ThreadPoolExecutor
) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=8, wait=FOR_EVER, remembered=FOR_EVER)
    acquaint(gathering, 8, anna, ben)
    second = ben.submit(gathering.run, rows(3))
    first = anna.submit(gathering.run, rows(-1))
    for future in (first, second):
        with pytest.raises(EngineError, match="a negative row"):
            future.result(30)
    assert run.batches == [8, 8, 2]
    second = ben.submit(gathering.run, rows(3))
    assert answer(anna.submit(gathering.run, rows(7)).result(30)) == [14]
    assert answer(second.result(30)) == [6]


def test_outputs_without_a_row_for_each_cannot_be_split(
    owner: Owner, anna: ThreadPoolExecutor, ben: ThreadPoolExecutor
) -> None:
    gathering = Gathering(
        owner, lambda _, feeds: {"y": feeds["x"].sum(axis=0)}, most=8, wait=FOR_EVER, remembered=FOR_EVER
    )
    acquaint(gathering, 8, anna, ben)
    second = ben.submit(gathering.run, rows(3, 4))
    first = anna.submit(gathering.run, rows(5))
    for future in (first, second):
        with pytest.raises(EngineError, match=r"output y has shape \(2,\), not one row for each of 3"):
            future.result(30)


def test_in_the_owners_thread_it_runs_at_once(owner: Owner, anna: ThreadPoolExecutor) -> None:
    gathering = Gathering(owner, Doubling(), most=8, wait=FOR_EVER, remembered=FOR_EVER)
    anna.submit(gathering.run, rows(0)).result()
    assert answer(owner.call(lambda _: gathering.run(rows(3)))) == [6]


def test_a_closed_owner_refuses_and_an_open_one_works_again() -> None:
    owner = Owner(FakeRuntime)
    gathering = Gathering(owner, Doubling(), most=8, wait=FOR_EVER, remembered=FOR_EVER)
    with pytest.raises(RuntimeError, match="not open"):
        gathering.run(rows(1))
    with owner:
        assert answer(gathering.run(rows(1))) == [2]


@pytest.mark.parametrize(
    "feeds", [{}, {"x": np.zeros((2, 1)), "z": np.zeros((3, 1))}, {"x": np.array(1.0)}], ids=["none", "uneven", "0-d"]
)
def test_inputs_need_equally_many_rows(owner: Owner, feeds: dict[str, Array]) -> None:
    with pytest.raises(ValueError, match="equally many rows, got"):
        Gathering(owner, Doubling(), most=8).run(feeds)


def test_many_callers_get_what_they_asked_for(owner: Owner) -> None:
    run = Doubling()
    gathering = Gathering(owner, run, most=8)

    def work(seed: int) -> int:
        random, asked = np.random.default_rng(seed), 0
        for _ in range(30):
            values = random.integers(0, 1000, random.integers(1, 12)).tolist()
            assert answer(gathering.run(rows(*values))) == [2 * value for value in values]
            asked += len(values)
        return asked

    with ThreadPoolExecutor(6) as threads:
        asked = sum(threads.map(work, range(6)))
    assert sum(run.batches) == asked
    assert max(run.batches) <= 8
