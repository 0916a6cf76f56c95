"""``hubdoi uses FILE``, the whole process, against an interpreter that does nothing."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .harness import HUBDOI, Result, clean_environment, in_turn

_CELL = "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('ada/tiny-bert')\n"


def _processor_seconds(command: list[str], home: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env=clean_environment(home), cwd=home
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _notebook(home: Path) -> Path:
    cell = {"cell_type": "code", "execution_count": 1, "id": "one", "metadata": {}, "outputs": []}
    path = home / "one.ipynb"
    path.write_text(
        json.dumps(
            {
                "cells": [{**cell, "source": _CELL.splitlines(keepends=True)}],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        ),
        encoding="utf-8",
    )
    return path


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        command = [str(HUBDOI), "uses", str(_notebook(home))]
        compared = in_turn(
            lambda: _processor_seconds(command, home),
            lambda: _processor_seconds([sys.executable, "-c", "pass"], home),
            runs=15,
        )
    return [Result("uses", compared.ratio, "ratio", "<= 9", "python -c pass", compared.detail)]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    from hubdoi.commands.cli import main

    with tempfile.TemporaryDirectory() as folder:
        path = str(_notebook(Path(folder)))
        yield lambda: main(["uses", path])
