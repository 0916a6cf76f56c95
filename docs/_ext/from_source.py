"""Pages that the code writes: the commands from the grammar, the HTTP API from its OpenAPI document."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def commands() -> str:
    """Every subcommand with its usage, as the grammar states it."""
    from hubdoi.commands.grammar import parser, subcommands

    lines = [
        "# Commands",
        "",
        "`%doi …` in a notebook and `hubdoi …` on the command line are the same grammar. "
        "This page is written from it.",
        "",
    ]

    def add(name: str, command: argparse.ArgumentParser, level: int) -> None:
        lines.extend(["#" * level + f" {name}", ""])
        # Narrow enough for the column of a page.
        command.formatter_class = partial(argparse.HelpFormatter, width=74)  # type: ignore[assignment]
        lines.extend(["```text", command.format_help().rstrip(), "```", ""])
        for child, of_child in subcommands(command).items():
            add(f"{name} {child}", of_child, level + 1)

    for name, command in subcommands(parser()).items():
        add(name, command, 2)
    return "\n".join(lines) + "\n"


def http_api() -> str:
    """Every operation that the sandbox's OpenAPI document describes."""
    from hubdoi.sandbox.app import create_app
    from hubdoi.sandbox.world import World

    with World() as world:
        world.endpoint = "http://127.0.0.1:8000"
        document: dict[str, Any] = create_app(world, host="127.0.0.1", port=8000).openapi()
    lines = [
        "# HTTP API",
        "",
        "A Hub's DOI API, as the sandbox and the gateway speak it. A running sandbox serves the "
        "whole OpenAPI document at `/openapi.json`; this page is written from it. Where an "
        "institution decides first, its gateway answers a mint, a correction or a reservation with "
        "202 and the code `InReview`; the same request, sent again after the approval, has the "
        "answer below.",
        "",
    ]
    for path, operations in document["paths"].items():
        lines.extend([f"## `{path}`", ""])
        for method, operation in operations.items():
            summary = operation.get("summary", "")
            lines.extend([f"### {method.upper()}", "", summary, ""])
            if text := operation.get("description"):
                lines.extend([text, ""])
            answers = operation.get("responses", {})
            lines.extend(["| status | meaning |", "|---|---|"])
            lines.extend(
                f"| {status} | {answer.get('description', '').splitlines()[0] if answer.get('description') else ''} |"
                for status, answer in answers.items()
            )
            lines.append("")
    return "\n".join(lines) + "\n"


PAGES = {"commands.md": commands, "http-api.md": http_api}


def write_pages(app: Sphinx) -> None:
    """Write the pages that changed into `reference/`."""
    for name, page in PAGES.items():
        path = Path(app.srcdir) / "reference" / name
        text = page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
