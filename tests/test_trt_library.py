from __future__ import annotations

import importlib.util
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engines.errors import EngineUnavailable
from engines.probe import Driver, Gpu, driver
from engines.trt_journal import Journal, Said, logger
from engines.trt_library import INSTALL, Kind, Library, library

KINDS: tuple[Kind, ...] = ("tensorrt", "tensorrt_rtx")


def working() -> Driver:
    return Driver(13000, (Gpu(0, "NVIDIA Small", (7, 5), 2**32),))


def broken() -> Driver:
    raise EngineUnavailable("no GPU is visible: look again")


def rtx() -> Library:
    if importlib.util.find_spec("tensorrt_rtx") is None:
        pytest.skip("needs tensorrt_rtx: pip install 'groupmood[rtx]'")
    return library("tensorrt_rtx", device=False)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_driver_nothing_of_tensorrt_is_loaded(kind: Kind, tmp_path: Path) -> None:
    """In a process of its own, with a package that would end it as the real one does."""
    (tmp_path / f"{kind}.py").write_text("import os; os.abort()")
    first = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    assert refusal(first, kind, "raise EngineUnavailable('no GPU is visible')") == "no GPU is visible\n"


def refusal(first: str, kind: Kind, probe: str) -> str:
    """What ``library`` says in a new process that starts with ``first``, with that body of the driver's probe."""
    code = (
        f"{first}\nfrom engines.errors import EngineUnavailable\nfrom engines.trt_library import library\n"
        f"def probe(): {probe}\n"
        f"try: library({kind!r}, probe=probe)\nexcept EngineUnavailable as error: print(error)"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout


def test_classic_tensorrt_asks_the_driver_even_to_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is imported: without a driver it would end the process."""
    (tmp_path / "tensorrt.py").write_text("raise AssertionError('imported before the driver was asked')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EngineUnavailable, match="no GPU is visible"):
        library("tensorrt", device=False, probe=broken)


def test_rtx_asks_no_driver_to_build() -> None:
    rtx()
    assert library("tensorrt_rtx", device=False, probe=broken).kind == "tensorrt_rtx"


@pytest.mark.parametrize(("kind", "extra"), [("tensorrt", "tensorrt"), ("tensorrt_rtx", "rtx")])
def test_a_missing_package_says_the_line_to_install_it(kind: Kind, extra: str) -> None:
    """In a process where it is missing whatever is installed."""
    said = refusal(f"import sys; sys.modules[{kind!r}] = None", kind, "return None")
    assert said == f"{kind} is not installed: pip install 'groupmood[{extra}]'\n"


@pytest.mark.parametrize("fault", ["ImportError('libnvinfer.so.10: cannot open')", "OSError('libnvinfer.so.10: bad')"])
def test_a_package_that_cannot_be_loaded_says_why(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "tensorrt" in sys.modules:
        pytest.skip("tensorrt is loaded in this process already")
    (tmp_path / "tensorrt.py").write_text(f"raise {fault}")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EngineUnavailable, match=r"installed but cannot be loaded \(libnvinfer.so.10.*install it anew"):
        library("tensorrt", probe=working)


def test_the_real_refusal_on_a_machine_without_a_gpu() -> None:
    try:
        driver()
    except EngineUnavailable as error:
        reason = str(error)
    else:
        pytest.skip("this machine has an NVIDIA GPU")
    for kind in KINDS:
        with pytest.raises(EngineUnavailable) as caught:
            library(kind)
        installed = importlib.util.find_spec(kind) is not None
        assert str(caught.value) == (reason if installed else f"{kind} is not installed: {INSTALL[kind]}")


def test_the_real_library_has_its_version_and_one_logger() -> None:
    found = rtx()
    assert found.version == found.module.__version__
    assert found.version[0].isdigit()
    assert isinstance(found.log, found.module.ILogger)
    assert library("tensorrt_rtx", device=False).log is found.log, "TensorRT has one logger for a whole process"


def test_what_the_real_library_says_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    found = rtx()
    module = found.module
    with caplog.at_level(logging.ERROR), found.journal.listen() as heard:
        builder = module.Builder(found.log)
        network = builder.create_network(0)  # a parser keeps neither: without a name for them the process ends
        assert not module.OnnxParser(network, found.log).parse(b"no network")
    assert any(said.error and "Failed to parse the ONNX model" in said.text for said in heard)
    assert "Failed to parse the ONNX model" in caplog.text


class FakeSeverity:
    def __init__(self, name: str) -> None:
        self.name = name


class FakeModule:
    """A TensorRT with nothing but a base for loggers."""

    class ILogger:
        """Has to be initialised, as the real one has."""


def test_severities_become_levels_and_what_matters_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal()
    log = logger(FakeModule, journal)
    levels = {"INTERNAL_ERROR": 40, "ERROR": 40, "WARNING": 30, "INFO": 20, "VERBOSE": 10, "NEW": 40}
    with caplog.at_level(logging.DEBUG), journal.listen() as heard:
        for name in levels:
            log.log(FakeSeverity(name), f"100 % {name}")
    assert [(record.getMessage(), record.levelno) for record in caplog.records] == [
        (f"100 % {name}", level) for name, level in levels.items()
    ]
    assert heard == [Said(name, f"100 % {name}") for name in ("INTERNAL_ERROR", "ERROR", "WARNING")]
    assert [said.error for said in heard] == [True, True, False]


def test_a_listener_hears_only_what_is_said_while_it_listens() -> None:
    journal = Journal()
    journal.add("WARNING", "before")
    with journal.listen() as outer:
        with journal.listen() as inner:
            journal.add("WARNING", "both")
        journal.add("WARNING", "outer")
    journal.add("WARNING", "after")
    assert [said.text for said in inner] == ["both"]
    assert [said.text for said in outer] == ["both", "outer"]


def test_many_threads_speak_at_once() -> None:
    journal = Journal()

    def speak() -> None:
        for number in range(200):
            journal.add("WARNING", str(number))

    threads = [threading.Thread(target=speak) for _ in range(4)]
    with journal.listen() as heard:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(heard) == 800


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, engines.trt_library; print([m for m in sys.modules if m.startswith(('tensorrt', 'onnx', 'cuda'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
