"""What ipywidgets has no widget for: a copy button, a link to follow, a sentence that is said aloud."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_STATIC = Path(__file__).parent.parent / "static"


class CopyButton(anywidget.AnyWidget):
    """Copies `text`, by the clipboard API or the older way; `label` names it for a screen reader."""

    _esm = _STATIC / "copy.js"
    _css = _STATIC / "copy.css"
    text = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode("the text").tag(sync=True)


class LinkButton(anywidget.AnyWidget):
    """A link to `url`; `followed` counts how often somebody followed it."""

    _esm = _STATIC / "link.js"
    url = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(True).tag(sync=True)
    followed = traitlets.Int(0).tag(sync=True)


class Announcement(anywidget.AnyWidget):
    """A sentence in the tone ``good``, ``warn``, ``bad`` or ``quiet``; empty, it takes no room."""

    _esm = _STATIC / "announcement.js"
    text = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Unicode("quiet").tag(sync=True)
