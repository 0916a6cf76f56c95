"""The report of a check, as text, and in the formats of other tools: GitHub, JUnit, SARIF, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..records import Displayed
from .findings import CODES, Finding
from .verdict import Review

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # nosec B405  # written here, never parsed

MEDIA_TYPES = {
    "text": "text/plain",
    "github": "text/plain",
    "json": "application/json",
    "junit": "application/xml",
    "sarif": "application/sarif+json",
}
"""The formats of `check`, and the media type of each."""
_GITHUB = {"finding": "error", "cannot tell": "warning", "note": "notice"}
_SARIF = {"finding": "error", "cannot tell": "warning", "note": "note"}


@dataclass(frozen=True, slots=True)
class CheckReport(Displayed):
    """What `check` found; `str()` is the report in the format that was asked for.

    `notes` say which file was read, and when it was saved, where that is not plain, and which run's
    record it rests on.
    """

    findings: tuple[Finding, ...] = ()
    reviews: tuple[Review, ...] = ()
    format: str = "text"
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """0: every use is cited and pinned; 1: something is not; 2: that could not be determined."""
        kinds = {finding.kind for finding in self.findings}
        if "finding" in kinds:
            return 1
        return 2 if "cannot tell" in kinds else 0

    @property
    def media_type(self) -> str:
        """What `str()` is: a command line prints it as it is."""
        return MEDIA_TYPES[self.format]

    def __str__(self) -> str:
        return _WRITERS[self.format](self)

    def to_json(self) -> dict[str, Any]:
        return {
            "exit_status": self.exit_status,
            "findings": [finding.to_json() for finding in self.findings],
            "uses": [review.to_json() for review in self.reviews],
            "notes": list(self.notes),
        }


def _text(report: CheckReport) -> str:
    return "\n".join(f"{one.place}: {one.code} {one.text}" for one in report.findings)


def _github(report: CheckReport) -> str:
    """Workflow commands, by GitHub's rules for escaping data and properties."""
    return "\n".join(_annotation(finding) for finding in report.findings)


def _annotation(finding: Finding) -> str:
    title = finding.code
    properties = f"file={_property(finding.notebook)}"
    if finding.notebook.endswith(".ipynb"):
        # a line within a cell is no line of the file
        place = finding.place.removeprefix(finding.notebook).removeprefix(", ")
        title = f"{title}: {place}" if place else title
    else:
        properties += f",line={finding.line}"
    return f"::{_GITHUB[finding.kind]} {properties},title={_property(title)}::{_data(finding.text)}"


def _json(report: CheckReport) -> str:
    return json.dumps(report.to_json(), ensure_ascii=False, indent=2)


def _junit(report: CheckReport) -> str:
    """One test suite for each file; a finding fails, "cannot tell" is an error."""
    from xml.etree import ElementTree  # nosec B405  # written here, never parsed

    root = ElementTree.Element("testsuites", name="hubdoi check")
    for file in dict.fromkeys((*report.files, *(one.notebook for one in report.findings))):
        own = [one for one in report.findings if one.notebook == file]
        suite = ElementTree.SubElement(root, "testsuite", name=_xml(file))
        cases: list[Finding | None] = [*own] or [None]
        counts = {"tests": len(cases), "failures": 0, "errors": 0}
        for finding in cases:
            name = "citations" if finding is None else f"{finding.code} {finding.place}"
            case = ElementTree.SubElement(suite, "testcase", classname=_xml(file), name=_xml(name))
            if finding is not None:
                _junit_outcome(case, finding, counts)
        suite.attrib.update({key: str(count) for key, count in counts.items()})
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode")


def _junit_outcome(case: Element, finding: Finding, counts: dict[str, int]) -> None:
    from xml.etree import ElementTree  # nosec B405  # written here, never parsed

    if finding.kind == "note":
        ElementTree.SubElement(case, "system-out").text = _xml(finding.text)
        return
    kind, count = ("failure", "failures") if finding.kind == "finding" else ("error", "errors")
    counts[count] += 1
    outcome = ElementTree.SubElement(case, kind, type=finding.code, message=_xml(finding.text))
    outcome.text = _xml(f"{finding.place}: {finding.text}")


def _sarif(report: CheckReport) -> str:
    """SARIF 2.1.0, as code scanning takes it."""
    from .._version import __version__

    used = sorted({finding.code for finding in report.findings})
    rules = [{"id": code, "shortDescription": {"text": CODES[code]}} for code in used]
    driver = {"name": "hubdoi", "version": __version__, "rules": rules}
    results = [_result(finding, used.index(finding.code)) for finding in report.findings]
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.notebook)}}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.notebook.endswith(".ipynb"):
        location["logicalLocations"] = [{"fullyQualifiedName": finding.place, "kind": "cell"}]
    else:
        physical["region"] = {"startLine": max(1, finding.line)}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _SARIF[finding.kind],
        "message": {"text": finding.text},
        "locations": [location],
        "partialFingerprints": {"hubdoi/v1": finding.fingerprint},
    }


def _uri(path: str) -> str:
    file = Path(path)
    return file.as_uri() if file.is_absolute() else quote(file.as_posix(), safe="/")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _xml(text: str) -> str:
    """`text` without what XML 1.0 cannot hold."""
    return "".join(
        c
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        else "\ufffd"
        for c in text
    )


_WRITERS: dict[str, Callable[[CheckReport], str]] = {
    "text": _text,
    "github": _github,
    "json": _json,
    "junit": _junit,
    "sarif": _sarif,
}
