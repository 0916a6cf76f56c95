"""The command line of huggingface_hub, `hf`, with its default settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from hubdoi.sandbox import Sandbox
from tests.sandbox.hf_cli import Hf, environment
from tests.sandbox.hf_cli_calls import NOT_OFFERED, OTHERWISE, commands, table, untested

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox.md"


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    """One for all tests here: each of them makes repositories of its own."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def hf(demo: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hf]:
    with Hf(demo, tmp_path_factory.mktemp("hf")) as running:
        yield running


def test_the_page_tells_of_every_command() -> None:
    for start in (*NOT_OFFERED, *OTHERWISE):
        assert any(f"{command} ".startswith(f"{start} ") for command in commands()), start
    assert table() in PAGE.read_text("utf-8"), "run: python scripts/hf_api_table.py"


def test_what_is_supported_is_tested() -> None:
    assert untested() == []


def test_the_program_itself(demo: Sandbox, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("hf")
    done = subprocess.run(
        [program, "auth", "whoami"],
        env=environment(demo, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ada" in done.stdout and "analytical-engine" in done.stdout


def test_repositories(hf: Hf, ada: HfApi, tmp_path: Path) -> None:
    assert "ada" in hf("auth whoami")
    assert "ada/by-hand" in hf("repos create", "by-hand")
    assert hf.ask("repos create", "by-hand")[1]
    hf("repos create", "by-hand", "--exist-ok")
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "weights.safetensors").write_bytes(bytes(range(256)) * 100)
    assert "by-hand" in hf("upload", "ada/by-hand", tmp_path, ".", "--commit-message", "Two files")
    assert ada.list_repo_commits("ada/by-hand")[0].title == "Two files"
    hf("download", "ada/by-hand", "--local-dir", tmp_path / "got")
    assert (tmp_path / "got" / "weights.safetensors").stat().st_size == 25_600
    hf("cache verify", "ada/by-hand", "--local-dir", tmp_path / "got")
    hf("repos branch create", "ada/by-hand", "draft")
    hf("repos tag create", "ada/by-hand", "v1", "-m", "First")
    assert "v1" in hf("repos tag list", "ada/by-hand")
    assert [branch.name for branch in ada.list_repo_refs("ada/by-hand").branches] == [
        "draft",
        "main",
    ]
    hf("repos tag delete", "ada/by-hand", "v1", "-y")
    hf("repos branch delete", "ada/by-hand", "draft")
    hf("repos delete-files", "ada/by-hand", "*.txt")
    assert "a.txt" not in ada.list_repo_files("ada/by-hand")
    hf("repos settings", "ada/by-hand", "--private")
    assert ada.model_info("ada/by-hand").private
    hf("repos duplicate", "ada/by-hand", "ada/by-hand-too")
    hf("repos move", "ada/by-hand", "ada/renamed")
    assert "ada/renamed" in hf("repos list")
    hf("repos delete", "ada/renamed", "-y")
    assert not ada.repo_exists("ada/renamed")


def test_models_and_datasets(hf: Hf) -> None:
    assert "ada/tiny-bert" in hf("models list", "--author", "ada")
    assert "config.json" in hf("models list", "ada/tiny-bert")
    assert "fill-mask" in hf("models info", "ada/tiny-bert")
    assert "Tiny BERT" in hf("models card", "ada/tiny-bert")
    assert "ada/notes" in hf("datasets list", "--author", "ada")
    assert "cc-by-4.0" in hf("datasets info", "ada/notes")
    assert "Notes" in hf("datasets card", "ada/notes", "--text")


def test_discussions(hf: Hf, ada: HfApi) -> None:
    ada.create_repo("ada/talked-about")
    repo = "ada/talked-about"
    hf("discussions create", repo, "--title", "A question", "--body", "Why?")
    hf("discussions comment", repo, "1", "--body", "Because.")
    comment = ada.get_discussion_details(repo, 1).events[-1].id
    hf("discussions edit", repo, "1", comment, "--body", "Therefore.")
    hf("discussions rename", repo, "1", "An answer")
    said = hf("discussions info", repo, "1")
    assert "An answer" in said
    hf("discussions close", repo, "1", "--yes")
    assert ada.get_discussion_details(repo, 1).status == "closed"
    hf("discussions reopen", repo, "1", "--yes")
    assert "An answer" in hf("discussions list", repo)
    pull = ada.upload_file(
        path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo, create_pr=True
    ).pr_num
    assert "x.txt" in hf("discussions diff", repo, str(pull))
    hf("discussions merge", repo, str(pull), "--yes")
    assert "x.txt" in ada.list_repo_files(repo)


def test_collections(hf: Hf, ada: HfApi) -> None:
    hf("collections create", "By hand")
    (made,) = [one for one in ada.list_collections(owner="ada") if one.title == "By hand"]
    hf("collections add-item", made.slug, "ada/notes", "dataset", "--note", "Twelve")
    hf("collections update", made.slug, "--theme", "green")
    full = ada.get_collection(made.slug)
    item = full.items[0].item_object_id
    assert (full.theme, full.items[0].note) == ("green", "Twelve")
    hf("collections update-item", made.slug, item, "--note", "Dozen")
    assert "ada/notes" in hf("collections info", made.slug)
    assert made.slug in hf("collections list", "--owner", "ada")
    hf("collections delete-item", made.slug, item)
    assert ada.get_collection(made.slug).items == []
    hf("collections delete", made.slug)


def test_webhooks(hf: Hf, ada: HfApi) -> None:
    hf("webhooks create", "--watch", "user:ada", "--url", "http://127.0.0.1:9/hook")
    (made,) = ada.list_webhooks()
    assert made.id in hf("webhooks list")
    assert "127.0.0.1" in hf("webhooks info", made.id)
    hf("webhooks disable", made.id)
    assert ada.get_webhook(made.id).disabled
    hf("webhooks enable", made.id)
    hf("webhooks update", made.id, "--url", "http://127.0.0.1:9/other")
    assert ada.get_webhook(made.id).url.endswith("/other")
    hf("webhooks delete", made.id, "--yes")
    assert ada.list_webhooks() == []


@pytest.mark.parametrize(
    "command",
    [
        "buckets list",
        "datasets leaderboard ada/notes",
        "jobs list",
        "papers list",
        "spaces pause ada/x",
    ],
)
def test_what_is_not_offered_fails_with_a_sentence(hf: Hf, command: str) -> None:
    said, failed = hf.ask(command)
    assert "The sandbox " in said + failed
