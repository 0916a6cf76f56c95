"""How pandoc is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubdoi.citation import pandoc
from hubdoi.citation.styles import find_style


def test_pandoc_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tmp_path / "shown"
    program = tmp_path / "pandoc"
    program.write_text(f"#!/bin/sh\nenv > {shown}\ntr '\\0' ' ' < /proc/$$/cmdline >> {shown}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PYPANDOC_PANDOC", str(program))
    for name in ("HF_TOKEN", "DATACITE_PASSWORD", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.setenv(name, f"a-secret-{name}")
    pandoc._run.cache_clear()
    pandoc._run("a text of somebody", "markdown", "plain", str(find_style("apa")), None)
    pandoc._run.cache_clear()
    text = shown.read_text()
    assert "--sandbox" in text
    assert "a-secret" not in text
    assert "a text of somebody" not in text
