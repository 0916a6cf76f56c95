from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from hubdoi.commands import session as sessions
from hubdoi.records import Status, Version
from hubdoi.records.errors import ConsentRequired, InvalidMetadata, UsageError
from hubdoi.sandbox import Sandbox


@pytest.fixture
def shell(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(sandbox.world.data))
    monkeypatch.setattr(sessions, "_current", None)
    config = Config({"HistoryManager": {"enabled": False}, "DoiMagics": {"style": "apa"}})
    shell = InteractiveShell(config=config)
    shell.run_line_magic("load_ext", "hubdoi")
    shell.run_line_magic("doi", "use sandbox")
    yield shell
    shell.run_line_magic("unload_ext", "hubdoi")


def test_a_line_returns_the_object(shell: InteractiveShell) -> None:
    shell.run_cell("status = %doi status ada/tiny-bert")
    assert isinstance(shell.user_ns["status"], Status)


def test_variables_of_the_notebook_can_stand_in_a_line(shell: InteractiveShell) -> None:
    shell.run_cell("name = 'ada/tiny-bert'\nstatus = %doi status {name}")
    assert shell.user_ns["status"].repo.id == "ada/tiny-bert"


def test_r03_a_failing_command_fails_the_cell_with_one_sentence(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    result = shell.run_cell("%doi mint ada/tiny-bert")
    assert isinstance(result.error_in_exec, ConsentRequired)
    printed = capsys.readouterr().out
    assert "Traceback" not in printed
    assert printed.rstrip().endswith("run: %doi mint ada/tiny-bert --agree")


def test_r05_a_cell_gives_authors_in_yaml(shell: InteractiveShell) -> None:
    shell.run_cell("%doi mint ada/tiny-bert")
    shell.run_cell(
        "%%doi mint ada/tiny-bert --agree\n"
        "authors:\n"
        "  - name: Lovelace, Ada\n"
        "    orcid: 0000-0002-1825-0097\n"
        "  - name: Analytical Engine Society\n"
        "title: A tiny BERT\n"
    )
    version = shell.user_ns["_"]
    assert isinstance(version, Version)
    assert [author.type for author in version.authors] == ["person", "organization"]
    assert version.title.startswith("A tiny BERT (Revision ")


@pytest.mark.parametrize(
    "body",
    [
        "authors: [",
        "- a\n- b",
        "just text",
        "authors:\n  - !!python/object/apply:os.system [echo]",
        "&a [*a]",
        "title: 12",
        "x: &x [1]\n" + "\n".join(f"y{i}: *x" for i in range(3)),
        "title: '" + "x" * 300_000 + "'",
    ],
)
def test_yaml_that_cannot_be_used_mints_nothing(shell: InteractiveShell, body: str) -> None:
    result = shell.run_cell(f"%%doi mint ada/tiny-bert --agree\n{body}")
    assert isinstance(result.error_in_exec, InvalidMetadata)
    assert sessions.current().client.status("ada/tiny-bert").state == "unregistered"


def test_only_minting_takes_a_body(shell: InteractiveShell) -> None:
    result = shell.run_cell("%%doi status ada/tiny-bert\nx: 1")
    assert isinstance(result.error_in_exec, UsageError)


def test_an_open_quotation_mark_is_one_sentence(shell: InteractiveShell) -> None:
    result = shell.run_cell('%doi mint ada/tiny-bert --author "Lovelace')
    assert isinstance(result.error_in_exec, UsageError)


def test_a_semicolon_keeps_the_output_away_and_is_no_part_of_the_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    result = shell.run_cell("%doi status ada/tiny-bert;")
    assert result.error_in_exec is None
    assert "tiny-bert" not in capsys.readouterr().out


def completed(shell: InteractiveShell, text: str) -> dict[str, str]:
    with provisionalcompleter():
        return {
            text[: found.start] + found.text: found.type
            for found in shell.Completer.completions(text, len(text))
        }


def test_tab_completes(shell: InteractiveShell) -> None:
    assert completed(shell, "%doi cite x --format bibt") == {
        "%doi cite x --format bibtex": "choice"
    }
    assert completed(shell, "%doi reg") == {"%doi regenerate": "subcommand"}
    assert completed(shell, "status = %doi hist") == {"status = %doi history": "subcommand"}


def test_tab_offers_nothing_of_python(shell: InteractiveShell) -> None:
    assert set(completed(shell, "%doi ").values()) == {"subcommand", "option"}
    assert completed(shell, "%doi mi") == {"%doi mint": "subcommand"}
    assert completed(shell, "%doi pri") == {}
    assert "print" in completed(shell, "pri")


def test_tab_completes_repositories_of_the_session_and_of_the_person(
    shell: InteractiveShell,
) -> None:
    shell.run_cell("%doi status grace/not-there")
    found = completed(shell, "%doi cite ")
    assert found["%doi cite grace/not-there"] == "repository"
    # What the Hub answers too late for one Tab is there at the next.
    end = time.monotonic() + 60
    while "%doi cite ada/tiny-bert" not in found:
        assert time.monotonic() < end
        found = completed(shell, "%doi cite ")
    assert found["%doi cite ada/tiny-bert"] == "repository"


def test_the_configuration_of_ipython_counts(shell: InteractiveShell) -> None:
    assert sessions.current().config().style == "apa"


def test_no_token_is_shown(shell: InteractiveShell, sandbox: Sandbox) -> None:
    shell.run_cell("backend = %doi use sandbox")
    shell.run_cell(
        "client = __import__('hubdoi.commands.session').commands.session.current().client"
    )
    for name in ("backend", "client"):
        value = shell.user_ns[name]
        text = (
            repr(value)
            + repr(getattr(value, "config", ""))
            + str(vars(value) if hasattr(value, "__dict__") else "")
        )
        assert not any(token in text for token in sandbox.users.values())


def test_load_ext_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\n"
        "before = set(sys.modules)\n"
        "shell.run_line_magic('load_ext', 'hubdoi')\n"
        "heavy = {'huggingface_hub', 'httpx', 'pydantic', 'ipywidgets', 'fastapi', 'sqlalchemy'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("store_history", [True, False])
def test_the_cells_that_were_run_are_known_whoever_runs_them(
    shell: InteractiveShell, store_history: bool
) -> None:
    load = "if False:\n    hf_hub_download('ada/tiny-bert', 'config.json')"
    shell.run_cell(load, store_history=store_history)
    shell.run_cell("found = %doi uses", store_history=store_history)
    assert [use.repo_id for use in shell.user_ns["found"]] == ["ada/tiny-bert"]


def test_loading_twice_remembers_each_cell_once(shell: InteractiveShell) -> None:
    shell.run_cell("%reload_ext hubdoi", store_history=False)
    shell.run_cell("if False:\n    hf_hub_download('ada/tiny-bert', 'x')", store_history=False)
    shell.run_cell("found = %doi uses", store_history=False)
    assert [(use.repo_id, use.cell) for use in shell.user_ns["found"]] == [("ada/tiny-bert", 2)]


@pytest.mark.parametrize("store_history", [True, False])
def test_r13_what_a_cell_loads_is_noted_with_the_number_of_that_cell(
    shell: InteractiveShell, store_history: bool, tmp_path: Path
) -> None:
    from hubdoi.provenance.recorder import recorder

    shell.run_cell("%reload_ext hubdoi", store_history=store_history)
    recorder.clear()
    commits = ("0" * 40, "1" * 40)
    for commit in commits:
        path = tmp_path / "models--ada--tiny-bert" / "snapshots" / commit / "config.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        shell.run_cell(
            f"if False:\n    hf_hub_download('ada/tiny-bert', 'config.json')\nopen({str(path)!r}).read()",
            store_history=store_history,
        )
    shell.run_cell("found = %doi uses", store_history=store_history)
    assert [use.recorded for use in shell.user_ns["found"]] == [(commits[0],), (commits[1],)]
