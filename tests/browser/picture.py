"""The pictures of the documentation: what a test shows, when ``HUBDOI_PICTURES`` names a folder."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page

__all__ = ["take"]

COLOURS = 256
LARGEST = 150_000


def take(shown: Locator | Page, name: str) -> None:
    """Photograph `shown`, with so few colours that the file stays small."""
    folder = os.environ.get("HUBDOI_PICTURES")
    if not folder:
        return
    file = Path(folder) / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    page = shown if isinstance(shown, Page) else shown.page
    page.mouse.move(0, 0)
    picture = Image.open(io.BytesIO(shown.screenshot(animations="disabled"))).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    assert file.stat().st_size < LARGEST
