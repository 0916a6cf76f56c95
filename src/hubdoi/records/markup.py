"""Simple markup in the titles and descriptions of records."""

from __future__ import annotations

import html
import re

_BLOCKS = "p div br li ul ol tr table blockquote h1 h2 h3 h4 h5 h6 title sec".split()
_INLINE = (
    "a abbr b bold big cite code del dfn em emph font i ins italic kbd mark monospace q s sc small "
    "span strike strong sub sup td th tt u underline var"
).split()
_TAG = re.compile(
    rf"</?(?:(?P<block>(?:jats:)?(?:{'|'.join(_BLOCKS)}))|(?:jats:)?(?:{'|'.join(_INLINE)}))(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def without_markup(text: str) -> str:
    """`text` as it reads: tags of simple markup taken out, entities replaced by what they mean.

    Only tags that are known to be markup go: ``a < b`` and ``<unk>`` are text. So is
    ``<script>``: whatever shows the text has to escape it.
    """
    if "<" in text:
        text = _TAG.sub(lambda tag: "\n" if tag["block"] else "", text)
        text = "\n".join([line.strip(" \t") for line in text.split("\n")])
        text = re.sub(r"\n{3,}", "\n\n", text)
    if "&" in text:
        text = _CONTROL.sub(" ", _ENTITY.sub(lambda entity: html.unescape(entity[0]), text))
    return text
