"""Builds the JupyterLab extension when it is missing or older than its sources.

``make labextension`` runs this, and hatch does, for a wheel. An editable installation builds
nothing, so that it needs no Node; ``make labextension`` adds the extension to it afterwards.
With the name of a script of package.json, such as ``lint``, it runs that one as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "labextension"
PANEL = ROOT / "src" / "hubdoi" / "jupyter" / "panel" / "static" / "panel.js"
OUTPUT = ROOT / "src" / "hubdoi" / "labextension"
NEEDS_NODE = (
    "Building the JupyterLab extension needs Node and npm: run `make labextension`, which installs "
    "them into the project's environment, or put them on the PATH."
)


def build(target_name: str, version: str) -> None:
    """What hatch calls for a wheel, a source distribution and an editable installation."""
    if version == "editable":
        OUTPUT.mkdir(exist_ok=True)
    else:
        make()


def make() -> None:
    """Build the extension if that is needed."""
    built = OUTPUT / "package.json"
    if not built.exists() or built.stat().st_mtime < max(_times()):
        npm("run", "--silent", "build")


def npm(*words: str) -> None:
    """Run npm, after the packages of the lock file are installed."""
    found = _npm()
    if found is None:
        sys.exit(NEEDS_NODE)
    # In the environment in which pip builds, Python sees pip's packages only; npm needs its own.
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environ["PATH"] = os.pathsep.join([str(found.parent), environ.get("PATH", os.defpath)])
    installed = SOURCES / "node_modules" / ".package-lock.json"
    lock = SOURCES / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        print("Installing what builds the JupyterLab extension; half a minute …", flush=True)
        _run([str(found), "ci"], environ)
        installed.touch()
    _run([str(found), *words], environ)


def link() -> None:
    """Let JupyterLab of this environment find the extension where it was built."""
    found = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "hubdoi"
    if found.is_symlink() and found.resolve() == OUTPUT:
        return
    if found.is_symlink() or found.is_file():
        found.unlink()
    elif found.is_dir():
        shutil.rmtree(found)
    found.parent.mkdir(parents=True, exist_ok=True)
    found.symlink_to(OUTPUT, target_is_directory=True)


def _times() -> Iterator[float]:
    folders = ("*.*", "schema/*", "src/*", "style/*")
    for file in [PANEL, *(file for folder in folders for file in SOURCES.glob(folder))]:
        if file.is_file():
            yield file.stat().st_mtime


def _npm() -> Path | None:
    beside = Path(sys.executable).with_name("npm")
    found = str(beside) if beside.exists() else shutil.which("npm")
    return Path(found) if found else None


def _run(command: list[str], environ: dict[str, str]) -> None:
    if subprocess.run(command, cwd=SOURCES, env=environ, check=False).returncode:
        sys.exit("npm failed in labextension/; the lines above say why.")


if __name__ == "__main__":
    if sys.argv[1:]:
        npm("run", "--silent", *sys.argv[1:])
    else:
        make()
        link()
