"""What ``tools.gpu_check`` measured, as the README shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tools.markdown import made
from tools.markdown import table as lines_of

Rows: TypeAlias = Sequence[Mapping[str, Any]]

NOTHING = "–"


def table(results: Mapping[str, Any]) -> str:
    """All that can be said of a document of ``tools.gpu_check``; where no GPU was there, that, and why."""
    parts = [said(results), engines(rows(results, "engines")), speed(results), frames(rows(results, "frames"))]
    return "\n\n".join([*filter(None, parts), f"{notes(results)} {made(results)}".strip()])


def rows(results: Mapping[str, Any], section: str) -> Rows:
    """Those of a section that have figures."""
    found: Rows = next((one["rows"] for one in results["sections"] if one["name"] == section), ())
    return [row for row in found if not {"failed", "missing", "left_out"} & row.keys()]


def said(results: Mapping[str, Any]) -> str:
    """The GPU and what of the checks passed there."""
    gpu = results["gpu"]
    if gpu is None:
        return f"**Never run on a GPU:** {results['why'].partition(' (')[0].partition(': ')[0]}."
    ended = {
        state: [one["name"] for one in results["sections"] if one["state"] == state] for state in ("failed", "skipped")
    }
    passed = len(results["sections"]) - len(ended["failed"]) - len(ended["skipped"])
    others = "".join(f"; {state}: {', '.join(names)}" for state, names in ended.items() if names)
    return (
        f"{gpu['gpu']} (compute capability {gpu['capability']}, {gpu['driver']}): {passed} of "
        f"{len(results['sections'])} groups of checks passed{others}."
    )


def engines(found: Rows) -> str:
    head = ("engine", "model", "wanted", "runs in", "built in", "size", "off by at most", "likeliest stays")
    return _table(
        head,
        (
            (
                f"{row['backend']} {row['version']}",
                f"`{row['model']}`",
                row["precision"],
                row["runs_in"],
                f"{row['build_seconds']:.1f} s",
                f"{row['megabytes']:.1f} MB",
                f"{row['largest']:.2g}" if row["largest"] is not None else NOTHING,
                f"{row['agreement']:.1%}" if row["agreement"] is not None else NOTHING,
            )
            for row in found
        ),
    )


def speed(results: Mapping[str, Any]) -> str:
    """Of the emotion model: a row for each engine, precision and batch, the reference in torch below them."""
    found = rows(results, "speed")
    plain = {_which(row): row["median_ms"] for row in found if row.get("graphs") is False}
    head = ("engine", "model", "faces at once", "ms, median / p95", "without graphs", "faces/s", "from four callers")
    known = (
        (
            f"{row['backend']} {row['runs_in']}",
            f"`{row['model']}`",
            f"{row['batch']}",
            f"{row['median_ms']:.3f} / {row['p95_ms']:.3f}",
            f"{plain[_which(row)]:.3f}" if _which(row) in plain else NOTHING,
            f"{row['faces_per_second']}",
            f"{row['faces_per_second_in_flight']}",
        )
        for row in found
        if row.get("graphs")
    )
    reference = (
        (
            f"torch {row['version']} {row['precision']}",
            f"`{row['model']}`",
            f"{row['batch']}",
            f"{row['median_ms']:.3f} / {row['p95_ms']:.3f}",
            NOTHING,
            f"{row['faces_per_second']}",
            NOTHING,
        )
        for row in rows(results, "torch")
    )
    return _table(head, (*known, *reference))


def _which(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[key]) for key in ("backend", "model", "precision", "batch"))


def frames(found: Rows) -> str:
    head = ("detector and emotion", "frames", "faces", "ms a frame, median / p95", "lost / more", "off by at most")
    return _table(
        head,
        (
            (
                f"{row.get('backend', 'onnxruntime fp32')}, {row['way']}",
                f"{row['count']} of {row['frames']}",
                f"{row['faces']}",
                f"{row['median_ms']:.2f} / {row['p95_ms']:.2f}",
                f"{row['lost']} / {row['more']}" if "lost" in row else NOTHING,
                f"{row['largest_probability']:.2g}" if "lost" in row else NOTHING,
            )
            for row in found
        ),
    )


def notes(results: Mapping[str, Any]) -> str:
    return " ".join((*_bare(rows(results, "speed")), *_capabilities(rows(results, "capabilities"))))


def _bare(found: Rows) -> Iterator[str]:
    for row in found:
        if "share" in row:
            yield (
                f"{row['backend']} {row['runs_in']}, requests of {row['batch']} faces: {row['share']:.0%} of the "
                f"throughput of TensorRT's own calls with a CUDA graph and the same copies, "
                f"{row['share_of_resident']:.0%} of those without copies."
            )


def _capabilities(found: Rows) -> Iterator[str]:
    if found:
        ways = {built: [row["capability"] for row in found if row["builds"] is built] for built in (True, False)}
        yield (
            f"TensorRT for RTX {found[0]['version']} builds for compute capability {', '.join(ways[True])}; it refuses "
            f"{', '.join(ways[False]) or 'none of those asked for'}."
        )


def _table(head: Sequence[str], cells: Iterator[tuple[str, ...]] | tuple[tuple[str, ...], ...]) -> str:
    """'' without rows."""
    known = list(cells)
    return lines_of(head, known) if known else ""
