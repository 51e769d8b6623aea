"""The command ``groupmood``: reads arguments and files, calls the commands, turns errors into one line and a code.

Nothing heavy is imported here, so that ``--help`` is quick; each command imports what it needs.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from streamer.registry import DETECTORS
from streamer.subcommands import Kept, Offline, Served, audit, engines, leave, models, timeline

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
app.add_typer(models, name="models")
app.add_typer(engines, name="engines")
app.add_typer(timeline, name="timeline")
app.add_typer(audit, name="audit")

Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="YAML file; options here win over it.")]
Detector = Annotated[str | None, typer.Option(help=f"auto, {', '.join(DETECTORS)}.")]
Classifier = Annotated[str | None, typer.Option(help="Name of a model card, or the path of your own (.yaml).")]
Engine = Annotated[
    str | None, typer.Option(help="tensorrt, tensorrt_rtx, openvino or onnxruntime; several, first to last: a,b.")
]
Weights = Annotated[Path | None, typer.Option(metavar="FILE", help="The weights of the detector, from a file.")]
DetectorCard = Annotated[
    str | None, typer.Option(metavar="FILE.yaml", help="A card for other weights of the detector.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE.mp4", help="Write the annotated video.")]
Results = Annotated[Path | None, typer.Option("--results", metavar="FILE.jsonl", help="Write a line a frame.")]
Purpose = Annotated[
    str | None,
    typer.Option(metavar="WORD", help="self, research, audience, medical_safety or expressions_only: what it is for."),
]
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
        str | None,
        typer.Argument(help="Camera number or device, video file, rtsp://…, screen:, synthetic:… or lavfi:…"),
    ] = None,
    config: Config = None,
    purpose: Purpose = None,
    detector: Detector = None,
    detector_weights: Weights = None,
    detector_card: DetectorCard = None,
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
    blur: Annotated[bool | None, typer.Option("--blur/--no-blur", help="Faces. Default: in what is kept.")] = None,
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
    camera = {"source": source, "mirror": mirror, "size": size, "fps": fps, "overlay.blur": blur, "purpose": purpose}
    finding = {"detector.name": detector, "detector.weights": detector_weights, "detector.card": detector_card}
    reading = {"classifier.card": classifier, "engine.order": engine, "detector.every": every}
    output = {"output.video": out, "output.results": results}
    leave(run(Options(config, camera | finding | reading | output, window, max_seconds, offline), os.environ))


@app.command()
def serve(
    source: Annotated[
        str | None,
        typer.Argument(help="rtsp://…, webrtc: (a browser brings the picture), camera number, video file, screen: …"),
    ] = None,
    config: Config = None,
    purpose: Purpose = None,
    host: Annotated[str | None, typer.Option(help="Default: this computer only.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0: any that is free.")] = None,
    classifier: Classifier = None,
    engine: Engine = None,
    results: Results = None,
    max_seconds: Annotated[float | None, typer.Option(min=0.1, help="End after so many seconds.")] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    offline: Offline = False,
) -> None:
    """Analyse cameras, meetings and browsers' pictures, and show each room on a page."""
    from streamer.commands.setup import Serving
    from streamer.registry import find

    command = find({"serve": "streamer.commands.serve:serve"}, "serve")  # says what is not installed

    listening = {"source": source, "purpose": purpose, "server.host": host, "server.port": port}
    reading = {"classifier.card": classifier, "engine.order": engine, "output.results": results}
    leave(command(Serving(config, listening | reading, max_seconds, open_page, offline), os.environ))


@app.command()
def purge(
    before: Annotated[str | None, typer.Option(metavar="DATE", help="What is older, such as 2026-01-31.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is kept.")] = False,
    room: Annotated[str | None, typer.Option(help="Of this room alone.")] = None,
    config: Served = None,
    file: Kept = None,
) -> None:
    """Delete what is kept of rooms, for good."""
    from streamer.commands.places import places
    from streamer.commands.timeline import purge

    leave(purge(places(config, file, os.environ), before=before, everything=everything, room=room))


@app.command("report")
def session(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A name that ends in .html or .pdf.")],
    config: Served = None,
    room: Annotated[str | None, typer.Option(help="Default: the only one.")] = None,
    sitting: Annotated[int | None, typer.Option(metavar="N", help="1 is the first. Default: the last.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="2026-01-31T14:30.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME")] = None,
    file: Kept = None,
) -> None:
    """Write a sitting of a room as a report: how it went, how sure that is, and what it does not say."""
    from streamer.commands.report import Wanted, report

    leave(report(Wanted(out, config, file, room, sitting, since, until), os.environ))


@app.command()
def analyze(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Pictures, videos, folders of them.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for pictures, faces.csv, results.jsonl.")],
    config: Config = None,
    detector: Annotated[str | None, typer.Option(help=f"auto, {', '.join(DETECTORS)}; default: centerface.")] = None,
    detector_weights: Weights = None,
    detector_card: DetectorCard = None,
    classifier: Classifier = None,
    engine: Engine = None,
    offline: Offline = False,
) -> None:
    """Analyse pictures and recorded videos, with a summary of each group."""
    from streamer.commands.analyze import analyze

    overrides = {
        "detector.name": detector,
        "detector.weights": detector_weights,
        "detector.card": detector_card,
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
