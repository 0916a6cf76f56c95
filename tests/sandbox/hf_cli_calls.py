"""What the sandbox answers to each command of `hf`; the reference page's table is made of this.

Whatever begins with none of these words is supported, and must be run in `test_hf_cli.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from huggingface_hub.cli.hf import app

_HERE = "works on this machine alone"
_ENDPOINTS = "asks Inference Endpoints, a service of its own"
_VIEWER = "asks the dataset viewer, a service of huggingface.co"

NOT_OFFERED = (
    "buckets", "datasets leaderboard", "jobs", "papers", "sandbox", "spaces", "sync",
)  # fmt: skip
"""What is answered with status 501: buckets, leaderboards, jobs, papers, Spaces, and what runs on them."""

OTHERWISE = {
    "auth list": _HERE,
    "auth login": "supported: `test_oauth.py` signs in with the device flow",
    "auth logout": _HERE,
    "auth switch": _HERE,
    "auth token": _HERE,
    "cache list": _HERE,
    "cache prune": _HERE,
    "cache rm": _HERE,
    "cp": "between a repository and this machine; large files from repository to repository need a Xet hash, and buckets are not offered",
    "datasets parquet": _VIEWER,
    "datasets sql": _VIEWER,
    "endpoints": _ENDPOINTS,
    "env": _HERE,
    "extensions": "asks GitHub",
    "repos cp": "as `hf cp`",
    "skills": "asks huggingface.co and GitHub for the skills",
    "update": "asks PyPI",
    "version": _HERE,
}
"""Commands that do not end at the sandbox, or that have to be explained."""


def commands() -> list[str]:
    """The visible commands of the installed `hf`, each with the groups that it is in."""
    return [" ".join(words) for words in _commands(app, ())]


def said_of(command: str) -> str:
    """The table's entry for a command."""
    words = command.split()
    for length in range(1, len(words) + 1):
        start = " ".join(words[:length])
        if start in NOT_OFFERED:
            return "status 501"
        if start in OTHERWISE:
            return OTHERWISE[start]
    return "supported"


def table() -> str:
    """The table of the reference page."""
    rows = [f"| `hf {command}` | {said_of(command)} |" for command in commands()]
    return "\n".join(["| command | on the sandbox |", "|---|---|", *rows]) + "\n"


def untested() -> list[str]:
    """The supported commands that the tests do not run."""
    written = Path(__file__).with_name("test_hf_cli.py").read_text()
    return [
        command
        for command in commands()
        if said_of(command) == "supported" and f'("{command}"' not in written
    ]


def _commands(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        # A name may come with its aliases: "extensions | ext".
        path = (*words, name.split(" | ")[0])
        if isinstance(command, click.Group):
            yield from _commands(command, path)
        else:
            yield path
