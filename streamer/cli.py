"""The command ``groupmood``: reads arguments and files, calls the commands, turns errors into one line and a code.

Nothing heavy is imported here, so that ``--help`` is quick; each command imports what it needs.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

EXIT_CODES = """\
Exit codes: 0 done; 1 internal error, or a fault that doctor found; 2 wrong arguments or configuration; 3 some of the
files failed (analyze); 4 the source cannot be opened or read; 5 a model or engine cannot be used; 6 an output cannot
be written; 130 interrupted (analyze).
"""

SWITCH_SECONDS = 0.0005
"""Python's thread switch interval: at the usual 5 ms one busy Python thread starves the native ones."""

app = typer.Typer(
    help="A live mood meter for a group of people on video.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
models = typer.Typer(help="The weights of the models: what is here, fetch, check.", no_args_is_help=True)
app.add_typer(models, name="models")
engines = typer.Typer(help="The TensorRT engines built on this machine.", no_args_is_help=True)
app.add_typer(engines, name="engines")

Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="YAML file; options here win over it.")]
Detector = Annotated[str | None, typer.Option(help="auto, mediapipe, centerface or yunet.")]
Classifier = Annotated[str | None, typer.Option(help="Name of a model card, or the path of your own (.yaml).")]
Engine = Annotated[
    str | None, typer.Option(help="tensorrt, tensorrt_rtx, openvino or onnxruntime; several, first to last: a,b.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Never fetch weights; say what is missing instead.")]
Weights = Annotated[Path | None, typer.Option(metavar="FILE", help="The weights of the detector, from a file.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE.mp4", help="Write the annotated video.")]
Results = Annotated[Path | None, typer.Option("--results", metavar="FILE.jsonl", help="Write a line a frame.")]
Window = Annotated[bool | None, typer.Option("--window/--no-window", help="Default: where there is a display.")]


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what the demo writes.")] = Path(
        "groupmood-demo"
    ),
    headless: Annotated[bool, typer.Option("--headless", help="No window, even where there is a display.")] = False,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Length of the scene.")] = 20.0,
    offline: Offline = False,
) -> None:
    """Show what it does: a scene made on the spot, analysed live."""
    from streamer.commands.demo import demo

    leave(demo(out, headless=headless, seconds=seconds, offline=offline))


@app.command()
def run(
    source: Annotated[
        str | None, typer.Argument(help="Camera number or device, video file, synthetic:… or lavfi:…")
    ] = None,
    config: Config = None,
    detector: Detector = None,
    detector_weights: Weights = None,
    classifier: Classifier = None,
    engine: Engine = None,
    every: Annotated[int | None, typer.Option(min=1, max=30, help="Detect on each K-th frame only.")] = None,
    out: Out = None,
    results: Results = None,
    window: Window = None,
    max_seconds: Annotated[float | None, typer.Option(min=0.1, help="End after so many seconds.")] = None,
    mirror: Annotated[bool | None, typer.Option("--mirror/--no-mirror", help="Flip the camera's picture.")] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Ask the camera for this size.")] = None,
    fps: Annotated[float | None, typer.Option(help="Ask the camera for this frame rate.")] = None,
    blur: Annotated[bool | None, typer.Option("--blur/--no-blur", help="Blur faces in window and video.")] = None,
    cameras: Annotated[bool, typer.Option("--cameras", help="List the cameras and end.")] = False,
    offline: Offline = False,
) -> None:
    """Analyse a camera or a video, live.

    Keys in the window: q quit, b blur faces, l labels, m meter, c calibrate neutral, s snapshot, r record,
    p pause analysis, h help.
    """
    from streamer.commands.run import Options, list_cameras, run

    if cameras:
        leave(list_cameras())
    camera = {"source": source, "mirror": mirror, "size": size, "fps": fps, "overlay.blur": blur}
    finding = {"detector.name": detector, "detector.weights": detector_weights, "detector.every": every}
    reading = {"classifier.card": classifier, "engine.order": engine}
    output = {"output.video": out, "output.results": results}
    leave(run(Options(config, camera | finding | reading | output, window, max_seconds, offline), os.environ))


@app.command()
def analyze(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Pictures, videos, folders of them.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for pictures, faces.csv, results.jsonl.")],
    config: Config = None,
    detector: Annotated[str | None, typer.Option(help="centerface (default), mediapipe, yunet or auto.")] = None,
    detector_weights: Weights = None,
    classifier: Classifier = None,
    engine: Engine = None,
    offline: Offline = False,
) -> None:
    """Analyse pictures and recorded videos, with a summary of each group."""
    from streamer.commands.analyze import analyze

    overrides = {
        "detector.name": detector,
        "detector.weights": detector_weights,
        "classifier.card": classifier,
        "engine.order": engine,
    }
    leave(analyze(paths, out, config, overrides, os.environ, offline=offline))


@app.command()
def explain(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS.jsonl…", help="What a run, a demo or analyze wrote of one room.")
    ],
    at: Annotated[float | None, typer.Option(metavar="SECONDS", help="Time of the source. Default: the end.")] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Default: the last one recorded.")] = None,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="That of the run.")] = None,
    card: Annotated[str | None, typer.Option(help="The classifier of the run. Default: the configuration's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Explain a room's number at any second of a recorded run: who made it, with what weight, and who was left out."""
    from streamer.commands.explain import Question, explain

    leave(explain(Question(results, at, source, config, card, as_json), os.environ))


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE.yaml")]) -> None:
    """Check a configuration: every fault at once, nothing is opened."""
    from streamer.commands.check import check

    leave(check(file, os.environ))


@app.command()
def probe(
    source: Annotated[str, typer.Argument(help="Camera number or device, video file, synthetic:… or lavfi:…")],
    seconds: Annotated[float, typer.Option(min=0.5, max=60, help="How long to look.")] = 5.0,
    offline: Offline = False,
) -> None:
    """What a source gives: codec, size, frame rate, faces, and whether they are large enough."""
    from streamer.commands.probe import probe

    leave(probe(source, seconds, offline=offline))


@app.command()
def doctor() -> None:
    """Versions, engines, cameras, display, weights; and the fix for whatever is missing."""
    from streamer.commands.doctor import doctor

    leave(doctor())


@app.command()
def version() -> None:
    """The version of groupmood."""
    from importlib.metadata import version

    print(f"groupmood {version('groupmood')}")


@models.command("list")
def models_list() -> None:
    """Every model card, and whether its weights are here."""
    from streamer.commands.models import list_models

    leave(list_models())


@models.command("fetch")
def models_fetch(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Default: all the defaults need.")
    ] = None,
    weights: Annotated[Path | None, typer.Option("--from", metavar="FILE", help="Take this file instead.")] = None,
    offline: Offline = False,
) -> None:
    """Fetch weights, with a progress bar, and check their digests."""
    from streamer.commands.models import fetch_models

    leave(fetch_models(names or [], weights, offline=offline))


@models.command("check")
def models_check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="Default: all that are here.")] = None,
) -> None:
    """Compare the digests of the weights, and their answer to a known picture."""
    from streamer.commands.models import check_models

    leave(check_models(names or []))


@engines.command("build")
def engines_build(
    model: Annotated[list[str] | None, typer.Option(help="Card; several times for several. Default: a run's.")] = None,
    backend: Annotated[str | None, typer.Option(help="tensorrt or tensorrt_rtx. Default: what is installed.")] = None,
    precision: Annotated[str, typer.Option(help="fp16, where the accuracy gate lets it pass, or fp32.")] = "fp16",
    max_batch: Annotated[int, typer.Option(min=1, max=32, help="Most faces at once.")] = 32,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the camera's pictures, for a detector.")] = "1280x720",
) -> None:
    """Build what a run would build while it works, with progress."""
    from streamer.commands.engines import build_engines, order

    leave(build_engines(order(model or [], backend, precision, max_batch, size)))


@engines.command("list")
def engines_list() -> None:
    """Every engine that was built here."""
    from streamer.commands.engines import list_engines

    leave(list_engines())


@engines.command("check")
def engines_check() -> None:
    """Whether each is whole, and this user's alone."""
    from streamer.commands.engines import check_engines

    leave(check_engines())


@engines.command("clear")
def engines_clear() -> None:
    """Delete all of them; they are built anew when they are needed."""
    from streamer.commands.engines import clear_engines

    leave(clear_engines())


def leave(code: int) -> NoReturn:
    raise typer.Exit(code)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command's outermost line: any error becomes one line and an exit code, never a traceback.

    Raises:
        SystemExit: always, with the exit code.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    logging.basicConfig(level=logging.WARNING, format="groupmood: %(message)s", stream=sys.stderr)
    try:
        app(arguments)
    except Exception as error:
        if os.environ.get("GROUPMOOD_DEBUG"):
            raise
        sys.exit(report(error))


def report(error: Exception) -> int:
    """Say an error in one line on the standard error, and return its exit code."""
    from engines.errors import EngineError
    from streamer.errors import ConfigError, SinkError, SourceError
    from streamer.sources.address import redact

    codes: dict[type[Exception], int] = {ConfigError: 2, SourceError: 4, EngineError: 5, SinkError: 6}
    for kind, code in codes.items():
        if isinstance(error, kind):
            print(f"groupmood: {redact(str(error))}", file=sys.stderr)
            return code
    text = redact(str(error)) or "no message"
    print(f"groupmood: internal error, {type(error).__name__}: {text}", file=sys.stderr)
    print("Please report it with the output of 'groupmood doctor'; GROUPMOOD_DEBUG=1 shows where.", file=sys.stderr)
    return 1
