"""The tests that need a GPU, run by pytest on this one."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as Xml
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.gpu_sections import ROOT, Given, Row, shortened

TIMEOUT = 60
"""Seconds for one test."""


def tests(given: Given) -> Iterator[Row]:
    """A row for each test that failed and each reason for which some were skipped, and one of the sums.

    Raises:
        RuntimeError: pytest did not come to an end.
    """
    report = given.work / "junit.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-q", f"--junitxml={report}", f"--timeout={TIMEOUT}"]
    options = ["--continue-on-collection-errors", "-p", "no:cacheprovider"]
    environment = {**os.environ, "GROUPMOOD_DATA": str(given.data)}
    done = subprocess.run([*command, *options], cwd=ROOT, env=environment, check=False)
    if not report.exists():
        raise RuntimeError(f"pytest ended with exit status {done.returncode} and without a report")
    yield from read(report)


def read(report: Path) -> Iterator[Row]:
    """The rows of a JUnit report as pytest writes it."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for case in Xml.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        wrong = next((found for kind in ("failure", "error") if (found := case.find(kind)) is not None), None)
        if wrong is not None:
            counts["failed"] += 1
            yield {"test": name, "failed": shortened(f"{name}: {wrong.get('message') or wrong.text or ''}")}
        elif skipped is not None:
            counts["skipped"] += 1
            reasons[shortened(skipped.get("message") or "")] += 1
        else:
            counts["passed"] += 1
    yield from ({"skipped": count, "why": why} for why, count in reasons.items())
    yield {"what": "all", **{kind: counts[kind] for kind in ("passed", "skipped")}, "wrong": counts["failed"]}
