"""What looks like a token of a Hub or a gateway, and stands where none should."""

from __future__ import annotations

import re

# Letters of both cases and no path before it: the name of a repository may begin so as well.
TOKEN = re.compile(r"(?<![\w.-])(?<!\w/)(?:hfs?|hubdoi)_(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{20,}")


def without_tokens(text: str) -> str:
    """`text`, of whose tokens the beginning is left."""
    return TOKEN.sub(lambda token: f"{token[0].partition('_')[0]}_…", text)
