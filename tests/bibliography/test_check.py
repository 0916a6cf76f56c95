from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from hubdoi.bibliography import check
from hubdoi.records import Repo, Status, Version
from hubdoi.records.errors import HubdoiError, InvalidInput, RepoNotFound, ServiceUnreachable

REVISION = "1" * 40
LATER = "2" * 40
REPO = Repo("model", "ada/engine")
DOI = "10.57967/hf/0001"

Answers = Callable[[Sequence[Repo]], Mapping[Repo, "Status | Exception"]]


def answers(*revisions: str, state: str = "current", error: Exception | None = None) -> Answers:
    versions = tuple(
        Version.from_parts(
            doi=f"10.57967/hf/{n:04}",
            repo=REPO,
            revision=revision,
            state="current" if n == len(revisions) else "outdated",
        )
        for n, revision in reversed(list(enumerate(revisions, 1)))
    )
    status = Status(
        repo=REPO,
        state="current" if versions else "unregistered",
        head=REVISION,
        endpoint="https://huggingface.co",
        versions=versions,
    )
    return lambda repos: dict.fromkeys(repos, error or status)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(code: str, text: str = "", name: str = "a.ipynb") -> Path:
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": text},
            {"cell_type": "code", "metadata": {}, "outputs": [], "source": code},
        ]
        path = tmp_path / name
        path.write_text(
            json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        )
        return path

    return write


PINNED = f'X.from_pretrained("ada/engine", revision="{REVISION}")'
LOOSE = 'X.from_pretrained("ada/engine")'


def test_pinned_and_cited_passes(written: Callable[..., Path]) -> None:
    report = check(written(PINNED, DOI), statuses=answers(REVISION))
    assert (report.exit_status, str(report), report.findings) == (0, "", ())
    assert [row.verdict for row in report.reviews] == ["cited exactly"]


def test_not_pinned_and_not_cited_are_a_line_each(written: Callable[..., Path]) -> None:
    path = written(LOOSE)
    report = check([path], statuses=answers(REVISION))
    assert report.exit_status == 1
    assert str(report).split("\n") == [
        f'{path}, cell 1, line 1: HD001 ada/engine is not pinned: the code names no revision; write revision="{REVISION}".',
        f"{path}, cell 1, line 1: HD002 ada/engine is not cited; its DOI is {DOI}.",
    ]


def test_a_branch_is_not_a_pin(written: Callable[..., Path]) -> None:
    code = 'X.from_pretrained("ada/engine", revision="main")'
    report = check(written(code, DOI), statuses=answers(REVISION))
    assert "only main, which moves" in str(report)


def test_the_doi_of_another_revision_is_a_finding(written: Callable[..., Path]) -> None:
    report = check(written(PINNED, DOI), statuses=answers(LATER))
    assert "cited by 10.57967/hf/0001, which names revision 2222222, but 1111111 is used" in str(
        report
    )


def test_strict_wants_the_newest_doi_and_a_doi_at_all(written: Callable[..., Path]) -> None:
    path = written(PINNED, DOI)
    assert check(path, statuses=answers(REVISION, LATER)).exit_status == 0
    assert "a newer DOI has replaced" in str(
        check(path, statuses=answers(REVISION, LATER), strict=True)
    )
    by_address = written(PINNED, "https://huggingface.co/ada/engine", "b.ipynb")
    report = check(by_address, statuses=answers())
    assert (report.exit_status, report.findings[0].kind) == (0, "note")
    assert "discussions/new" in str(report)
    assert check(by_address, statuses=answers(), strict=True).exit_status == 1


def test_without_a_doi_it_must_be_cited_by_its_address(written: Callable[..., Path]) -> None:
    assert check(written(PINNED), statuses=answers()).exit_status == 1


def test_gone_is_a_finding(written: Callable[..., Path]) -> None:
    report = check(written(PINNED, DOI), statuses=answers(error=RepoNotFound("No.")))
    assert report.exit_status == 1
    assert "ada/engine: the Hub has no such repository, or it is private." in str(report)


def test_a_call_that_only_the_run_can_tell_is_2(written: Callable[..., Path]) -> None:
    path = written("X.from_pretrained(input())")
    report = check(path, statuses=answers())
    assert report.exit_status == 2
    assert (
        str(report)
        == f"{path}, cell 1, line 1: HD007 X.from_pretrained: What it loads is known only when it runs."
    )


def test_a_file_that_cannot_be_read_is_2_and_does_not_stop_the_others(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    report = check([tmp_path / "none.ipynb", written(PINNED, DOI)], statuses=answers(REVISION))
    assert report.exit_status == 2
    assert len(report.reviews) == 1
    assert "There is no file" in str(report)


@pytest.mark.parametrize("offline", [None, ServiceUnreachable("No network.")])
def test_offline(written: Callable[..., Path], offline: HubdoiError | None) -> None:
    asked = None if offline is None else answers(error=offline)
    assert check(written(PINNED, DOI), statuses=asked).exit_status == 2
    assert check(written(LOOSE, DOI, "b.ipynb"), statuses=asked).exit_status == 1
    assert check(written(PINNED, "", "c.ipynb"), statuses=asked).exit_status == 1


def test_a_refused_question_is_not_a_crash(written: Callable[..., Path]) -> None:
    def refuse(repos: Sequence[Repo]) -> Mapping[Repo, Status | Exception]:
        raise ServiceUnreachable("No network.")

    assert check(written(PINNED, DOI), statuses=refuse).exit_status == 2


def test_r13_what_the_last_run_recorded_is_compared(written: Callable[..., Path]) -> None:
    path = written(LOOSE, DOI)
    load = {"repo_type": "model", "repo_id": "ada/engine", "commit": LATER, "how": ["opened"]}
    kept = {"format": "hubdoi-provenance/1", "ended": "2026-11-25T10:00:00Z", "recorded": [load]}
    path.with_name("a.provenance.json").write_text(json.dumps(kept))
    report = check(path, statuses=answers(REVISION))
    assert f'write revision="{LATER}"' in str(report)
    assert "but 2222222 is used" in str(report)
    notebook = json.loads(path.read_text())
    notebook["metadata"]["hubdoi"] = {"provenance": {**kept, "recorded": []}}
    path.write_text(json.dumps(notebook))
    assert f'write revision="{REVISION}"' in str(check(path, statuses=answers(REVISION)))


def test_r13_the_cache_is_not_compared(written: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "models--ada--engine"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(LATER)
    (folder / "snapshots" / LATER).mkdir(parents=True)
    report = check(written(LOOSE, DOI), statuses=answers(REVISION), cache=tmp_path / "cache")
    assert "2222222" not in str(report)


def test_a_broken_provenance_file_is_2(written: Callable[..., Path]) -> None:
    path = written(PINNED, DOI)
    path.with_name("a.provenance.json").write_text("{")
    report = check(path, statuses=answers(REVISION))
    assert report.exit_status == 2
    assert "a.provenance.json cannot be read: not JSON" in str(report)


def test_github_annotations_are_escaped(written: Callable[..., Path], tmp_path: Path) -> None:
    path = written(LOOSE, name="a,b.ipynb")
    lines = str(check(path, statuses=answers(REVISION), format="github")).split("\n")
    assert lines[0].startswith(
        f"::error file={str(path).replace(',', '%2C')},title=HD001%3A cell 1%2C line 1::"
    )
    script = tmp_path / "s.py"
    script.write_text("\nX.from_pretrained(input())\n")
    annotation = str(check(script, format="github"))
    assert annotation.startswith(f"::warning file={script},line=2,title=HD007::")


def test_json_and_unknown_formats(written: Callable[..., Path]) -> None:
    report = check(written(LOOSE), statuses=answers(REVISION), format="json")
    data = json.loads(str(report))
    assert data["exit_status"] == 1
    assert data["uses"][0]["verdict"] == "unpinned"
    with pytest.raises(InvalidInput, match="choose text, github, json, junit or sarif"):
        check([], format="xml")


def test_nothing_used_passes_without_a_question(written: Callable[..., Path]) -> None:
    def never(repos: Sequence[Repo]) -> Mapping[Repo, Status | Exception]:
        raise AssertionError("asked for nothing")

    assert check(written("x = 1"), statuses=never).exit_status == 0
