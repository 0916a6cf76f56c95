from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubdoi.commands.cli import main
from hubdoi.sandbox import Sandbox

HUBDOI = (sys.executable, "-m", "hubdoi")


@pytest.fixture
def as_ada(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    from hubdoi.commands import session

    monkeypatch.setattr(session, "_current", None)
    monkeypatch.setenv("HUBDOI_ENDPOINT", sandbox.endpoint)
    monkeypatch.setenv("HF_TOKEN", sandbox.users["ada"])
    yield sandbox


def test_a_citation_goes_to_standard_output_as_it_is(as_ada: Sandbox, capsys: Any) -> None:
    assert main(["mint", "ada/tiny-bert"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "The DOI is permanent" in captured.err
    assert main(captured.err.partition("run: hubdoi ")[2].split()) == 0
    captured = capsys.readouterr()
    assert "10.5072/hf/0001" in captured.out
    assert main(["cite", "ada/tiny-bert"]) == 0
    assert capsys.readouterr().out.startswith("@misc{lovelace")


@pytest.mark.parametrize("agree", [[], ["--agree"]])
def test_r03_without_consent_the_exit_status_is_1(
    as_ada: Sandbox, capsys: Any, agree: list[str]
) -> None:
    assert main(["mint", "ada/tiny-bert", *agree]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hubdoi mint ada/tiny-bert --revision" in captured.err


@pytest.mark.parametrize("words", [["statsu"], ["status", "not a repo"], ["cite", "10.1/x"]])
def test_what_is_not_understood_has_exit_status_2(
    as_ada: Sandbox, words: list[str], capsys: Any
) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1


def test_the_uses_of_a_file_that_is_not_there_are_not_none(capsys: Any, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.ipynb")
    assert main(["uses", missing]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"There is no file {missing}; check the name.\n"


@pytest.mark.parametrize(
    ("words", "way_out"),
    [
        (["uses"], "hubdoi uses analysis.ipynb"),
        (["cite"], "hubdoi cite ada/tiny-bert"),
        (["bib", "refs.bib"], "hubdoi bib refs.bib ada/tiny-bert"),
        (["panel", "ada/tiny-bert"], 'hubdoi.panel("ada/tiny-bert")'),
    ],
)
def test_outside_a_notebook_the_way_out_is_of_the_same_command(
    words: list[str], way_out: str, capsys: Any
) -> None:
    assert main(words) == 2
    assert way_out in capsys.readouterr().err


def test_status_as_json(as_ada: Sandbox, capsys: Any) -> None:
    assert main(["status", "ada/tiny-bert", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "unregistered"
    main(["status", "ada/tiny-bert", "ada/nothing", "--json"])
    found, missing = json.loads(capsys.readouterr().out)
    assert (found["state"], missing["name"], missing["code"]) == (
        "unregistered",
        "ada/nothing",
        "RepoNotFound",
    )


def test_a_strangers_escape_sequence_does_not_reach_the_terminal(
    as_ada: Sandbox, capsys: Any
) -> None:
    api = as_ada.hf_api("ada")
    card = "---\nlicense: mit\n---\nA \x1b]0;owned\x07 model \x1b[31m.\n"
    api.upload_file(
        path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id="ada/tiny-bert"
    )
    assert main(["mint", "ada/tiny-bert"]) == 1
    assert main(["status", "ada/tiny-bert"]) == 0
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err


@pytest.mark.parametrize(
    "words", [["use", "sandbox"], ["sandbox", "start"], ["sandbox", "url"], ["panel"]]
)
def test_what_needs_a_session_says_so(as_ada: Sandbox, words: list[str], capsys: Any) -> None:
    assert main(words) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_version(capsys: Any) -> None:
    import hubdoi

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"hubdoi {hubdoi.__version__}\n"


def test_help(capsys: Any) -> None:
    assert main(["--help"]) == 0
    assert "usage: hubdoi" in capsys.readouterr().out


def test_serve_prints_one_line_and_ends_on_sigterm(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*HUBDOI, "sandbox", "serve", "--data", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert set(ready) == {"endpoint", "datacite", "users", "datacite_repository"}
    assert ready["endpoint"].startswith("http://127.0.0.1:")
    second = subprocess.run(
        [*HUBDOI, "sandbox", "serve", "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert second.returncode == 1
    assert second.stdout == ""
    assert len(second.stderr.strip().splitlines()) == 1
    process.send_signal(signal.SIGTERM)
    rest, errors = process.communicate(timeout=120)
    assert process.returncode == 0
    assert rest == ""
    assert not any(token in errors for token in ready["users"].values())
