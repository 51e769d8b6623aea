from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from engines.cuda.owner import Owner, outcome
from engines.cuda.runtime import CudaRuntime
from engines.errors import DeviceLost, EngineError, EngineUnavailable
from tests.cuda_fake import FakeRuntime


class Made:
    """Makes fake runtimes, keeps them, and knows the threads in which it was asked."""

    def __init__(self, refusals: int = 0) -> None:
        self.runtimes: list[FakeRuntime] = []
        self.threads: list[str] = []
        self._refusals = refusals

    def __call__(self) -> FakeRuntime:
        if self._refusals:
            self._refusals -= 1
            raise EngineUnavailable("no GPU is visible")
        self.threads.append(threading.current_thread().name)
        self.runtimes.append(FakeRuntime())
        return self.runtimes[-1]


def blocked(owner: Owner) -> tuple[Callable[[], None], Callable[[], object]]:
    """Keep the owner's thread busy: call the first to end that, the second to wait for its end."""
    begun, go = threading.Event(), threading.Event()

    def job(_: CudaRuntime) -> bool:
        begun.set()
        return go.wait(30)

    future = owner.submit(job)
    assert begun.wait(30)
    return go.set, lambda: outcome(future)


def device_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("device")]


def test_all_jobs_run_in_one_thread_which_is_not_the_callers() -> None:
    made = Made()
    with Owner(made) as owner:
        names = [owner.call(lambda _: threading.current_thread().name) for _ in range(3)]
        with ThreadPoolExecutor(1) as other:
            names.append(other.submit(owner.call, lambda _: threading.current_thread().name).result())
    assert set(names) == set(made.threads)
    assert names[0].startswith("device")
    assert not device_threads()


def test_a_job_gets_the_runtime_and_its_value_comes_back() -> None:
    with Owner(FakeRuntime) as owner:
        assert owner.call(lambda runtime: runtime.allocate(12).size) == 12


def test_a_jobs_error_is_raised_to_its_caller_alone() -> None:
    with Owner(FakeRuntime) as owner:
        with pytest.raises(ZeroDivisionError):
            owner.call(lambda _: 1 // 0)
        assert owner.call(lambda _: 1) == 1


def test_a_job_may_call_the_owner_again() -> None:
    with Owner(FakeRuntime, capacity=1) as owner:
        assert owner.call(lambda _: owner.call(lambda inner: inner.allocate(3).size)) == 3


def test_the_last_of_several_users_ends_the_thread_and_what_was_held_is_given_back() -> None:
    made = Made()
    owner = Owner(made)
    with owner:
        with owner:
            owner.call(lambda runtime: runtime.allocate(7))
        assert len(device_threads()) == 1
        assert owner.call(lambda runtime: runtime.device.index) == 0
    assert not device_threads()
    assert len(made.runtimes) == 1
    assert made.runtimes[0].leaks == ("FakeBuffer of 7 bytes",)
    assert made.runtimes[0].used == 0


def test_it_can_be_opened_again() -> None:
    made = Made()
    owner = Owner(made)
    for _ in range(2):
        with owner:
            assert owner.call(lambda runtime: runtime is made.runtimes[-1])
    assert len(made.runtimes) == 2


def test_an_error_of_opening_reaches_who_enters_and_leaves_no_thread() -> None:
    owner = Owner(Made(refusals=1))
    with pytest.raises(EngineUnavailable, match="no GPU is visible"):
        owner.__enter__()
    assert not device_threads()
    with owner:
        assert owner.call(lambda _: 5) == 5


def test_more_than_the_capacity_is_refused_in_bounded_time() -> None:
    with Owner(FakeRuntime, capacity=2, patience=0.02) as owner:
        go, ended = blocked(owner)
        waiting = owner.submit(lambda _: 2)
        with pytest.raises(EngineError, match=r"2 calls are waiting and none was done in 0.02 s; ask for less"):
            owner.call(lambda _: 3)
        go()
        ended()
        assert outcome(waiting) == 2
        assert owner.call(lambda _: 4) == 4


def test_who_waits_for_a_place_gets_the_next_that_is_free() -> None:
    with Owner(FakeRuntime, capacity=1, patience=30) as owner, ThreadPoolExecutor(1) as other:
        go, ended = blocked(owner)
        late = other.submit(owner.call, lambda _: 2)
        go()
        ended()
        assert late.result(30) == 2


def test_calls_that_wait_while_it_closes_end_with_an_error() -> None:
    owner = Owner(FakeRuntime)
    with ThreadPoolExecutor(1) as other:
        with owner:
            go, _ = blocked(owner)
            waiting = owner.submit(lambda _: 1)

            def see_it_end() -> str:
                try:
                    outcome(waiting)
                except EngineError as error:
                    return str(error)
                finally:
                    go()  # only now can the owner close, so the error came before the job's turn
                return "it was run"

            seen = other.submit(see_it_end)
        assert seen.result(30) == "the device was closed before it was this call's turn"
    with pytest.raises(RuntimeError, match="not open"):
        owner.call(lambda _: 1)


def test_after_the_device_was_lost_nothing_runs_on_it() -> None:
    ran: list[CudaRuntime] = []
    made = Made()
    owner = Owner(made)
    with owner:
        go, ended = blocked(owner)
        losing, queued = owner.submit(lose), owner.submit(ran.append)
        go()
        ended()
        with pytest.raises(DeviceLost, match="the cable was pulled"):
            outcome(losing)
        for refused in (lambda: outcome(queued), lambda: owner.call(ran.append), owner.__enter__):
            with pytest.raises(DeviceLost, match=r"failed before and cannot be used any more: .*the cable was pulled"):
                refused()
    assert not ran
    assert not device_threads()
    with pytest.raises(DeviceLost):
        owner.__enter__()


def lose(runtime: CudaRuntime) -> None:
    assert isinstance(runtime, FakeRuntime)
    runtime.lose()
    raise DeviceLost("the cable was pulled")


def test_it_is_refused_when_not_open_or_left_by_a_job() -> None:
    owner = Owner(FakeRuntime)
    with pytest.raises(RuntimeError, match="not open"):
        owner.call(lambda _: 1)
    with owner, pytest.raises(RuntimeError, match="by one of its own jobs"):
        owner.call(lambda _: owner.__exit__(None, None, None))
    with pytest.raises(ValueError, match="capacity must be at least 1, got 0"):
        Owner(FakeRuntime, capacity=0)


def test_many_threads_share_it() -> None:
    def work(number: int) -> list[int]:
        return [owner.call(lambda runtime: runtime.allocate(number + 1).size) for _ in range(40)]

    with Owner(FakeRuntime, capacity=2) as owner, ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [[number + 1] * 40 for number in range(8)]
