from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator

from hubdoi.bibliography import CheckReport, Finding
from hubdoi.bibliography.findings import CODES

FINDINGS = (
    Finding("finding", "HD001", "ada/engine is not pinned.", "a.ipynb", 3, 2, 5, repo="ada/engine"),
    Finding("cannot tell", "HD007", "X.load: <b> & \x07 ünclear", "my script.py", None, 9),
    Finding("note", "HD004", "ada/notes has no DOI.", "my script.py", None, 1),
)


def report(format: str) -> CheckReport:
    return CheckReport(FINDINGS, format=format, files=("a.ipynb", "my script.py", "good.py"))


def test_junit_counts_failures_and_errors_for_each_file() -> None:
    root = ElementTree.fromstring(str(report("junit")))
    suites = {suite.get("name"): suite for suite in root}
    assert [
        (name, suite.get("tests"), suite.get("failures"), suite.get("errors"))
        for name, suite in suites.items()
    ] == [("a.ipynb", "1", "1", "0"), ("my script.py", "2", "0", "1"), ("good.py", "1", "0", "0")]
    failure = suites["a.ipynb"].find("testcase/failure")
    assert failure is not None
    assert failure.text == "a.ipynb, cell [5], line 2: ada/engine is not pinned."
    error = suites["my script.py"].find("testcase/error")
    assert error is not None
    assert error.get("message") == "X.load: <b> & \ufffd ünclear"


@pytest.mark.parametrize("found", [(), FINDINGS])
def test_sarif_is_valid_by_the_schema_of_oasis(found: tuple[Finding, ...]) -> None:
    file = Path(__file__).parents[1] / "data" / "schemas" / "sarif-2.1.0.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    document = json.loads(str(CheckReport(found, format="sarif", files=("/a b/c.ipynb",))))
    Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER).validate(document)


def test_sarif_has_levels_places_and_fingerprints() -> None:
    document = json.loads(str(report("sarif")))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["HD001", "HD004", "HD007"]
    first, second, third = run["results"]
    assert [one["level"] for one in run["results"]] == ["error", "warning", "note"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == (
        "a.ipynb, cell [5], line 2"
    )
    physical = second["locations"][0]["physicalLocation"]
    assert physical == {"artifactLocation": {"uri": "my%20script.py"}, "region": {"startLine": 9}}
    assert len({one["partialFingerprints"]["hubdoi/v1"] for one in (first, second, third)}) == 3


def test_a_fingerprint_survives_moved_cells_and_lines() -> None:
    moved = Finding("finding", "HD001", "other words", "a.ipynb", 9, 7, 1, repo="ada/engine")
    assert moved.fingerprint == FINDINGS[0].fingerprint


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_documented(code: str) -> None:
    from pathlib import Path

    page = Path(__file__).parents[2] / "docs" / "how-to" / "check-notebooks-in-ci.md"
    assert f"| `{code}` | {CODES[code]} |" in page.read_text(encoding="utf-8")
