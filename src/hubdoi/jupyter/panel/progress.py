"""What is being done now, and what is done already."""

from __future__ import annotations

from ..display.hypertext import escape, inside
from .state import PanelState


def progress(state: PanelState) -> str:
    """A quiet line while something is under way, with the steps before it; else nothing."""
    if state.phase == "loading":
        return _moving(f"Loading {state.repo} …")
    if state.phase == "minting":
        *done, now = state.steps or ("Beginning",)
        return inside("".join(f"<p>✓ Done: {escape(step)}</p>" for step in done)) + _moving(
            f"{now} …"
        )
    if state.phase == "watching":
        return _moving("Watching for the DOI …")
    return ""


def _moving(sentence: str) -> str:
    return inside(
        f'<p class="hubdoi-quiet">{escape(sentence)}</p>'
        '<div class="hubdoi-progress" aria-hidden="true"></div>'
    )
