from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import pytest

from hubdoi.citation import FORMATS as CITED
from hubdoi.commands.grammar import FORMATS, HelpWanted, parse, parser, subcommands
from hubdoi.commands.run import _HOMES
from hubdoi.records.errors import UsageError

COMMANDS = {
    "status", "cite", "mint", "regenerate", "history", "panel", "uses", "bib", "check", "export", "use", "sandbox",
    "badge", "card", "recover", "request", "run", "gateway", "amend", "doctor", "reserve", "withdraw",
    "login", "logout",
}  # fmt: skip


def test_every_command_of_the_design_is_there() -> None:
    assert set(subcommands(parser())) == COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str) -> None:
    with pytest.raises(HelpWanted) as wanted:
        parse([command, "--help"])
    assert f"%doi {command}" in str(wanted.value)


@pytest.mark.parametrize(
    "words",
    [
        ["statsu"],
        ["mint"],
        ["mint", "a/b", "--agre"],
        ["cite", "--format", "word"],
        ["sandbox"],
        ["sandbox", "grant", "x"],
        ["gateway"],
        ["mint", "a/b", "--timeout", "-1"],
        ["status", "--unknown"],
    ],
)
def test_what_the_grammar_does_not_know_is_one_sentence(words: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        parse(words)
    assert "--help" in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize("command", ["sandbox", "gateway"])
def test_the_help_of_a_server_says_where_it_listens(command: str) -> None:
    with pytest.raises(HelpWanted) as wanted:
        parse([command, "serve", "--help"], prog="hubdoi")
    told = " ".join(str(wanted.value).split())
    assert "by default this machine alone can connect" in told
    assert "by default a free one" in told


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("mint ada/x --agre", "mint"),
        ("check --nope", "check"),
        ("sandbox serve --prt 1", "sandbox serve"),
        ("gateway user set ada --rol x", "gateway user set"),
        ("bib", "bib"),
    ],
)
def test_the_help_that_is_named_is_that_of_the_command(words: str, named: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(words.split())
    assert error.value.message.endswith(f"; see: %doi {named} --help")


def test_an_abbreviation_is_never_a_consent() -> None:
    with pytest.raises(UsageError):
        parse(["mint", "ada/tiny-bert", "--ag"])


def test_authors_can_be_given_several_times() -> None:
    parsed = parse(["mint", "a/b", "--author", "Lovelace, Ada", "--author", "Hopper, Grace"])
    assert isinstance(parsed, argparse.Namespace)
    assert parsed.authors == ["Lovelace, Ada", "Hopper, Grace"]


def test_the_formats_of_the_grammar_are_those_that_there_are() -> None:
    assert sorted(FORMATS) == sorted(CITED)


def test_every_command_is_in_the_readme_and_has_a_handler() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    for command in subcommands(parser()):
        assert f"%doi {command}" in readme or f"hubdoi {command}" in readme, command
        home = import_module(f"hubdoi.commands.{_HOMES[command]}")
        assert callable(getattr(home, command)), command


def test_a_command_built_alone_is_that_of_the_whole_grammar() -> None:
    whole = subcommands(parser())
    for name in COMMANDS:
        alone = subcommands(parser(only=name))
        assert list(alone) == [name]
        assert alone[name].format_help() == whole[name].format_help()
