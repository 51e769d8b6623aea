"""configs/groupmood.service and configs/Dockerfile: what systemd says of the one, what can be said of the other without
building it, and whether the product runs under the sandbox's system calls."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_state_path

from streamer.libraries import IMPORTS
from tests.certificates import certificate as self_signed
from tests.data import ROOT
from tests.sandboxed import allowed, lacking, settings
from tests.serving import command, environment
from tests.weights import weights
from tools.bootstrap import sections

UNIT, CONTAINER = ROOT / "configs" / "groupmood.service", ROOT / "configs" / "Dockerfile"
systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)


def analysed(*words: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@systemd
def test_the_sandbox_is_tight() -> None:
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", analysed("security", "--offline=yes", str(UNIT)))
    assert found
    assert float(found[1]) <= 2.0


@systemd
def test_systemd_understands_all_of_it(tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/groupmood/bin/groupmood", "/bin/true"))
    assert "/bin/true serve" in here.read_text()
    assert analysed("verify", "--man=no", str(here)) == ""


def test_the_credentials_can_stand_in_a_configuration() -> None:
    names = [line.partition(":")[0] for line in settings(UNIT, "LoadCredential")]
    assert names == ["TOKEN", "ADMIN_TOKEN"]
    assert all(re.fullmatch(r"\w+", name) for name in names)


def test_it_tells_when_it_is_there_and_has_the_time_to_end() -> None:
    """Its state is for itself alone; a reload and a stop are what the product answers; it ends within 10 s."""
    found = {key: settings(UNIT, key) for key in ("Type", "NotifyAccess", "ExecReload", "StateDirectoryMode", "UMask")}
    assert found == {
        "Type": ["notify"],
        "NotifyAccess": ["main"],
        "ExecReload": ["/bin/kill -HUP $MAINPID"],
        "StateDirectoryMode": ["0700"],
        "UMask": ["0077"],
    }
    assert settings(UNIT, "KillSignal") == []  # SIGTERM
    (stop,) = settings(UNIT, "TimeoutStopSec")
    assert 10 < int(stop) <= 20
    (state,), (folder,) = settings(UNIT, "StateDirectory"), settings(UNIT, "WorkingDirectory")
    (places,) = settings(UNIT, "Environment")
    assert folder == f"%S/{state}"
    assert "XDG_STATE_HOME=%S " in places  # platformdirs' user_state is the state directory
    assert user_state_path("groupmood", appauthor=False).name == state


EXTRAS = re.compile(r"groupmood\[([a-z,-]+)\]")


@pytest.mark.parametrize("path", [UNIT, CONTAINER], ids=lambda path: path.name)
def test_what_is_installed_can_do_what_configs_shows_and_is_in_the_lock(path: Path) -> None:
    (found,) = EXTRAS.findall(path.read_text())
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"mqtt", "report", "web"} <= set(found.split(",")) <= set(extras)
    locked = set(
        re.findall(r"^([a-z0-9-]+)==", sections((ROOT / "requirements.lock").read_text())["core"], re.MULTILINE)
    )
    for extra in found.split(","):
        for requirement in extras[extra]:
            name = re.match(r"[A-Za-z0-9._-]+", requirement)
            assert name
            assert name[0].lower() in locked, f"{extra}: {requirement}"


@pytest.mark.parametrize("secured", [False, True])
def test_the_container_s_health_is_asked_with_tls_and_without(secured: bool, tmp_path: Path) -> None:
    """The very words of the Dockerfile, but for the port."""
    pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")
    from streamer.web.site import Access
    from tests.web_site import TOKENS, serving, site

    words = json.loads(dict(steps())["HEALTHCHECK"].partition("CMD ")[2])
    assert words[:2] == ["python", "-c"]
    certificate, key = self_signed(tmp_path) if secured else (None, None)
    with serving(site(Access(tokens=TOKENS, certificate=certificate, key=key))) as server:
        asked = [sys.executable, "-c", words[2].replace(":8470/", f":{server.port}/")]
        assert subprocess.run(asked, capture_output=True, timeout=30, check=False).returncode == 0
    assert subprocess.run(asked, capture_output=True, timeout=30, check=False).returncode != 0


def confined(*words: str) -> list[str]:
    return [sys.executable, "-m", "tests.sandboxed", str(UNIT), *words, "--"]


@pytest.mark.skipif(bool(lacking()), reason=lacking())
def test_it_serves_with_the_system_calls_that_are_left(tmp_path: Path) -> None:
    for name in ("centerface", "groupmood"):
        weights(name)
    assert {"mount", "ptrace", "chown", "setpriority", "reboot"}.isdisjoint(allowed(UNIT))
    file, place = tmp_path / "groupmood.yaml", tmp_path / "notify"
    file.write_text("purpose: audience\nsources: {desk: 'synthetic:'}\ndetector: {name: centerface}\n")
    words = [*confined(), *command("--config", str(file), "--results", str(tmp_path / "out.jsonl"))]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        manager.settimeout(60)
        told = {**environment(), "NOTIFY_SOCKET": str(place), "WATCHDOG_USEC": "200000"}
        with subprocess.Popen(
            words, cwd=tmp_path, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert manager.recv(4096).startswith(b"READY=1\nSTATUS=serves desk")
            while not (tmp_path / "out.jsonl").exists():
                assert manager.recv(4096) == b"WATCHDOG=1"
            process.terminate()
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


COMPILE = """
import sys
from engines.cache import read_verified, weights_dir
from engines.cards import load_card
model = read_verified(load_card("groupmood"), weights_dir())
if sys.argv[1] == "openvino":
    import openvino
    core = openvino.Core()
    core.compile_model(core.read_model(model), "CPU")
else:
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
"""


@pytest.mark.skipif(bool(lacking()), reason=lacking())
@pytest.mark.parametrize(("engine", "lives"), [("openvino", False), ("onnxruntime", True)])
def test_why_memory_may_be_written_and_run(engine: str, lives: bool) -> None:
    """The kernel's own form of MemoryDenyWriteExecute=: OpenVINO ends the process, so the unit has to allow it."""
    weights("groupmood")
    pytest.importorskip(engine, reason=f"needs {engine}")
    assert settings(UNIT, "MemoryDenyWriteExecute") == ["no"]
    words = [*confined("--mdwe"), sys.executable, "-c", COMPILE, engine]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    if "this kernel has no PR_SET_MDWE" in done.stderr:
        pytest.skip("needs Linux 6.3 or newer")
    assert (done.returncode == 0) == lives, done.stderr


def steps() -> list[tuple[str, str]]:
    """Instruction and arguments of each step of the Dockerfile, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", CONTAINER.read_text(), flags=re.MULTILINE).replace("\\\n", "")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def copied() -> Iterator[str]:
    for word, rest in steps():
        if word == "COPY" and not rest.startswith("--from="):
            yield from rest.split()[:-1]


def test_the_container_is_made_of_what_is_here() -> None:
    lines = CONTAINER.with_name("Dockerfile.dockerignore").read_text().splitlines()
    known = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert set(copied()) == known
    for source in known:
        assert (ROOT / source).exists(), source


def test_the_container_installs_from_the_lock_alone() -> None:
    parts = set(sections((ROOT / "requirements.lock").read_text()))
    installs = [rest for word, rest in steps() if word == "RUN" and " pip " in rest]
    assert installs
    for rest in installs:
        assert set(re.findall(r"-r (\w+)\.lock", rest)) <= parts
        assert "--require-hashes" in rest or "--no-index" in rest or "--no-deps" in rest
    assert all(word != "ADD" and "curl" not in rest and "wget" not in rest for word, rest in steps())


def test_the_container_s_last_image_is_lean_and_runs_as_nobody() -> None:
    begin = max(number for number, (word, _) in enumerate(steps()) if word == "FROM")
    last = steps()[begin:]
    words = [word for word, _ in last]
    assert not any("pip" in rest.split() or "apt-get" in rest for word, rest in last if word == "RUN")
    assert [rest for word, rest in last if word == "USER"] == ["groupmood"]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert dict(last)["STOPSIGNAL"] == "SIGTERM"
    assert "/livez" in dict(last)["HEALTHCHECK"]
    assert "models fetch" in " ".join(rest for word, rest in last if word == "RUN")
    wanted = {library.apt for library in IMPORTS}
    (packages,) = [rest for word, rest in steps() if word == "RUN" and "apt-get install" in rest]
    assert wanted <= set(packages.split())
