"""How the documentation is built: `make docs`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from hubdoi import __version__  # noqa: E402

project = "hubdoi"
copyright = "The hubdoi developers"
author = "The hubdoi developers"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "from_source"]
exclude_patterns = ["_build", "_ext"]
suppress_warnings = ["mystnb.unknown_mime_type"]

# `make notebooks` has run every cell and compared its output; here the outputs are shown.
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False}

html_theme = "pydata_sphinx_theme"
html_title = "hubdoi"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}
html_extra_path: list[str] = []


def _copy_tutorials() -> None:
    """The tutorials stand in `notebooks/`, where people open them."""
    target = HERE / "tutorials"
    for notebook in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        copy = target / notebook.name
        if not copy.exists() or copy.read_bytes() != notebook.read_bytes():
            shutil.copyfile(notebook, copy)


_copy_tutorials()
