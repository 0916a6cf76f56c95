"""Builds the JupyterLab extension when it is missing or was built from other sources.

``make labextension`` runs this, and hatch does, for a wheel. An editable installation builds
nothing, so that it needs no Node; ``make labextension`` adds the extension to it afterwards.
With the name of a script of package.json, such as ``lint``, it runs that one as well.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess  # nosec B404  # each call says what it runs
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "labextension"
PANEL = ROOT / "src" / "hubdoi" / "jupyter" / "panel" / "static"
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
    digest = _digest()
    # Times say nothing: a checkout or a copy changes them.
    built_from = OUTPUT / "built-from.txt"
    if not built_from.exists() or built_from.read_text() != digest:
        npm("run", "--silent", "build")
        built_from.write_text(digest)


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


def _digest() -> str:
    """What the extension is built from, as one SHA-256."""
    folders = ("*.*", "schema/*", "src/*", "style/*")
    found = [*PANEL.iterdir(), *(file for folder in folders for file in SOURCES.glob(folder))]
    digest = hashlib.sha256()
    for file in sorted(found):
        if file.is_file():
            content = file.read_bytes()
            digest.update(
                f"{file.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content
            )
    return digest.hexdigest()


def _npm() -> Path | None:
    beside = Path(sys.executable).with_name("npm")
    found = str(beside) if beside.exists() else shutil.which("npm")
    return Path(found) if found else None


def _run(command: list[str], environ: dict[str, str]) -> None:
    # npm with words of this file; there is no shell.
    done = subprocess.run(command, cwd=SOURCES, env=environ, check=False)  # nosec B603
    if done.returncode:
        sys.exit("npm failed in labextension/; the lines above say why.")


if __name__ == "__main__":
    if sys.argv[1:]:
        npm("run", "--silent", *sys.argv[1:])
    else:
        make()
        link()
