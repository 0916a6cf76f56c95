"""What a relative import means: the package that a file stands in."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


def package_above(file: str | None, level: int) -> str:
    """What the `level` dots of an import stand for in `file`, with a dot behind it.

    Where the package is not known (a notebook, a folder without ``__init__.py``) the dots stay.
    """
    packages = _packages(str(Path(file).resolve().parent)) if file and level else ()
    names = packages[: max(0, len(packages) - level + 1)]
    return ".".join((*names, "")) if names else "." * level


@lru_cache(maxsize=256)
def _packages(folder: str) -> tuple[str, ...]:
    """The names of the package that is a folder, outermost first; none when it is no package."""
    path = Path(folder)
    if not (path / "__init__.py").is_file():
        return ()
    return (*_packages(str(path.parent)), path.name)
