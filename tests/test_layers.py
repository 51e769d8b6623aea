"""Who may import whom. A line here is a decision; change it only with the reason."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("streamer", "engines", "tools", "tests")

FOUNDATION = "types box errors emotions"
STAGES = "sources detectors classifiers trackers sinks overlay"
ROOM = "correction voters stillness summing cohesion moments explain mood aggregate"
RUNNING = "chips analyzer line recording rounds pipeline"
SPINE = f"mailbox metrics packets stages governor schedule known labels signs head cuts {ROOM} {RUNNING}"
MAKING = "samples passes one_pass engine_factory analysing sourcing sending build shown doors service kept"
LIVE = "states hub fanout inlet schema purposes redaction publish room_signs watch notice web"
KEPT_WEB = "schema occurrences row_events timeline trends"
KEPT = "occurrences timeline row_events trends chronicle alerts outbox audit zones noted notify keeping"
WHOLE = f"config config_faults part served registry libraries doctor replay {MAKING}"
INNER = f"{FOUNDATION} {STAGES} {SPINE} {LIVE} {KEPT} {WHOLE}"

ALLOWED = {
    "box": "",
    "types": "box",
    "errors": "",
    "mailbox": "",
    "metrics": "",
    "redaction": "",
    "head": "types",
    "signs": f"{FOUNDATION} known labels head",
    "room_signs": f"{FOUNDATION} aggregate",
    "cuts": "types",
    "watch": "hub states metrics",
    "notice": "errors purposes served web",
    "paper": "errors",
    "publish": f"{FOUNDATION} hub aggregate explain moments stillness purposes",
    "hub": "types states occurrences row_events",
    "occurrences": "",
    "noted": "part served",
    "write_ahead": "",
    "timeline": f"{FOUNDATION} states occurrences write_ahead",
    "row_events": f"{FOUNDATION} schema states occurrences timeline",
    "trends": f"{FOUNDATION} occurrences timeline",
    "alerts": f"{FOUNDATION} occurrences timeline noted",
    "chronicle": f"{FOUNDATION} hub states occurrences timeline alerts row_events",
    "outbox": f"{FOUNDATION} occurrences timeline row_events schema redaction metrics mailbox noted write_ahead",
    "session_report": f"{FOUNDATION} states occurrences timeline trends moments purposes paper",
    "audit": "errors",
    "zones": "types stages around",
    "around": "types stages",
    "reload": "errors",
    "fanout": "",
    "inlet": "types mailbox",
    "schema": f"{FOUNDATION} states",
    "web": f"{FOUNDATION} {KEPT_WEB} states hub fanout inlet packets purposes metrics mailbox redaction notice",
    "libraries": "",  # read by tools/bootstrap.py before anything is installed
    "emotions": FOUNDATION,
    "packets": "",
    "stages": f"{FOUNDATION} packets",
    "document": "errors",
    "purposes": "errors",
    "states": "",
    "part": "",
    "served": "part",
    "config": f"{FOUNDATION} document part served noted alerts config_faults purposes",
    "config_faults": "errors part",
    "notify": "",
    "keeping": f"{FOUNDATION} {KEPT} hub metrics registry config purposes notice shown publish",
    "registry": FOUNDATION,
    "correction": FOUNDATION,
    "voters": FOUNDATION,
    "stillness": "types",
    "summing": f"{FOUNDATION} correction",
    "cohesion": "errors",
    "moments": "types errors",
    "explain": "types",
    "mood": f"{FOUNDATION} correction voters stillness summing cohesion moments explain",
    "aggregate": "types errors",
    "replay": f"{FOUNDATION} sinks mood",
    "known": FOUNDATION,
    "labels": f"{FOUNDATION} known",
    "governor": FOUNDATION,
    "schedule": f"{FOUNDATION} governor",
    "overlay": FOUNDATION,
    "chips": FOUNDATION,
    "trackers": FOUNDATION,
    "sources": "types errors metrics mailbox stages states inlet redaction around",  # stages: wrappers name it
    "sinks": "types errors metrics mailbox emotions packets fanout inlet redaction",  # emotions: records
    "detectors": f"{FOUNDATION} chips stages engines",  # stages: a detector that chooses between others
    "classifiers": f"{FOUNDATION} chips engines",
    "analyzer": "types errors stages schedule labels mood chips",
    "line": "types errors stages packets mailbox metrics analyzer",
    "recording": "types errors stages packets mailbox line",
    "rounds": "types errors mailbox analyzer line",
    "pipeline": "types errors stages mailbox metrics redaction analyzer line recording rounds",
    "doctor": "types errors libraries",
    "samples": f"{FOUNDATION} chips sources detectors classifiers engines",
    "passes": f"{FOUNDATION} stages detectors engines",
    "one_pass": f"{FOUNDATION} stages classifiers passes engines",
    "engine_factory": f"{FOUNDATION} config registry samples engines",
    "build": f"{FOUNDATION} {STAGES} {SPINE} {LIVE} config registry {MAKING} engines",
    "analysing": f"{FOUNDATION} {STAGES} {SPINE} config purposes engines",
    "sourcing": f"{FOUNDATION} {STAGES} {SPINE} config inlet states zones",
    "sending": f"{FOUNDATION} stages {STAGES} config",
    "shown": "config redaction",
    "doors": f"{FOUNDATION} stages {STAGES} {LIVE} packets config sourcing",
    "reporting": f"{FOUNDATION} occurrences timeline paper session_report engines",
    "kept": INNER,
    "service": f"{INNER} reporting",
    "commands": f"{INNER} paper session_report reporting reload engines",
    "subcommands": f"{INNER} paper session_report reporting reload commands engines",
    "cli": f"{INNER} commands subcommands engines",
    "__main__": "cli",
    "engines": "",
    "tools": f"{INNER} paper session_report reporting reload commands subcommands cli engines",
}
"""What each part may import besides itself. None of the product imports cli (but __main__ does), tools or tests."""

SIBLINGS = {
    "sources": "frames",
    "detectors": "detect",
    "classifiers": "classify",
    "trackers": "update",
    "sinks": "write",
}
"""Packages of parts that can each be taken out, and the method that makes a class one (all but trackers are context
managers as well): such a module is not imported by another of its package. What they share has a module of its own."""

HEAVY = (
    "aiortc", "av", "cuda", "cv2", "mediapipe", "norfair", "onnxruntime", "openvino", "pycuda", "tensorrt",
    "tensorrt_rtx", "torch",
)  # fmt: skip


def unit_of(module: str) -> str:
    """'sinks' of 'streamer.sinks.jsonl', 'engines' of 'engines.ort', 'streamer' of 'streamer'."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] or top if top == "streamer" else top


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of each module of ours that is imported, anywhere in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.partition(".")[0] in OURS)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "by a relative path"
        elif isinstance(node, ast.ImportFrom) and node.module in OURS:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in OURS:
            yield node.lineno, node.module or ""


def is_part(module: str, tree: ast.Module) -> bool:
    """Whether the module has a class that is such a part."""
    unit = unit_of(module)
    if unit not in SIBLINGS:
        return False
    wanted = {SIBLINGS[unit]} if unit == "trackers" else {SIBLINGS[unit], "__enter__"}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return any(wanted <= {part.name for part in one.body if isinstance(part, ast.FunctionDef)} for one in classes)


def violations(root: Path) -> list[str]:
    paths = sorted(path for top in ("streamer", "engines", "tools") for path in (root / top).rglob("*.py"))
    trees = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text())
        for path in paths
    }
    parts = {name for name, tree in trees.items() if is_part(name, tree)}
    found = []
    for module, tree in trees.items():
        unit = unit_of(module)
        if unit not in ALLOWED and module != "streamer":
            found.append(f"{module}: not listed in ALLOWED")
        for line, name in imports(tree):
            if unit_of(name) not in (unit, *ALLOWED.get(unit, "").split()):
                found.append(f"{module}:{line} imports {name}")
            elif unit_of(name) == unit and name in parts and module != f"streamer.{unit}":
                found.append(f"{module}:{line} imports its sibling {name}")
    return found


def test_layers() -> None:
    assert violations(ROOT) == []


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("streamer/sinks/bad.py", "from streamer.pipeline import Pipeline", ":1 imports streamer.pipeline"),
        ("streamer/sinks/bad.py", "from streamer import pipeline", ":1 imports streamer.pipeline"),
        ("streamer/sinks/bad.py", "import streamer.pipeline", ":1 imports streamer.pipeline"),
        ("streamer/sinks/bad.py", "def f():\n    import engines.ort", ":2 imports engines.ort"),
        ("streamer/sinks/bad.py", "from .jsonl import Jsonl", ":1 imports by a relative path"),
        ("streamer/types.py", "from streamer.errors import ConfigError", ":1 imports streamer.errors"),
        ("streamer/__init__.py", "from streamer.cli import main", ":1 imports streamer.cli"),
        ("streamer/pipeline.py", "from streamer.detectors.yunet import YuNet", ":1 imports streamer.detectors.yunet"),
        ("streamer/cli.py", "from tools.check import main", ":1 imports tools.check"),
        ("streamer/new.py", "", ": not listed in ALLOWED"),
        ("engines/ort.py", "from streamer.errors import ConfigError", ":1 imports streamer.errors"),
        ("tools/bad.py", "import tests.data", ":1 imports tests.data"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, path: str, text: str, fault: str) -> None:
    plant(tmp_path, path, text)
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    assert violations(tmp_path) == [module + fault]


def test_a_sibling_is_found_and_what_siblings_share_is_not(tmp_path: Path) -> None:
    part = "class YuNet:\n    def __enter__(self): ...\n    def detect(self, image): ..."
    plant(tmp_path, "streamer/detectors/yunet.py", part)
    plant(tmp_path, "streamer/detectors/nms.py", "def keep(boxes): ...")
    plant(tmp_path, "streamer/detectors/bad.py", "from streamer.detectors.nms import keep\n")
    assert violations(tmp_path) == []
    plant(tmp_path, "streamer/detectors/bad.py", "from streamer.detectors.yunet import YuNet")
    assert violations(tmp_path) == ["streamer.detectors.bad:1 imports its sibling streamer.detectors.yunet"]


def plant(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text + "\n")


def loaded(code: str) -> list[str]:
    """Which of the heavy libraries are loaded once ``code`` has run in a Python of its own."""
    report = f"import json, sys; sys.stderr.write('\\n' + json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    command = [sys.executable, "-c", f"{code}\n{report}"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    names = json.loads(done.stderr.splitlines()[-1])
    assert isinstance(names, list)
    return names


def test_the_contract_loads_nothing_heavy() -> None:
    modules = "streamer.types, streamer.stages, streamer.errors, streamer.emotions, streamer.registry, streamer.doctor"
    assert loaded(f"import streamer, {modules}, engines.base, engines.errors") == []


def test_what_is_loaded_is_seen() -> None:
    assert loaded("import cv2") == ["cv2"]


def test_help_loads_nothing_heavy() -> None:
    run = """
import runpy, sys
sys.argv = ["groupmood", "--help"]
try:
    runpy.run_module("streamer", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
else:
    raise AssertionError("--help did not end the program")
"""
    assert loaded(run) == []
