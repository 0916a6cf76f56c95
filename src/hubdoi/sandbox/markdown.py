"""Cards as HTML: Markdown without raw HTML, without scripts, without anybody else's pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML, RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

_MAX_LENGTH = 200_000
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n.*?^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.M)


def render_markdown(text: str, *, base: str) -> str:
    """`text` as HTML; relative links lead below `base`.

    Raw HTML appears as the text that it is. Links go to http, https and mailto alone; a picture is
    a link to it, because showing it would tell a stranger's server who reads the page.
    """
    text = _FRONT_MATTER.sub("", text)
    cut = len(text) > _MAX_LENGTH
    html: str = _parser().render(text[:_MAX_LENGTH], {"base": base})
    return html + "<p><em>The card is longer; see the file.</em></p>\n" if cut else html


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(
        ["table", "strikethrough"]
    )
    parser.validateLink = _is_harmless  # type: ignore[method-assign,assignment]
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    for kind in ("fence", "code_block"):
        parser.add_render_rule(kind, _code)
    return parser


def _is_harmless(address: str) -> bool:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    return parts.scheme.lower() in ("", "http", "https", "mailto")


def _link(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    token.attrSet("href", _address(str(token.attrGet("href") or ""), env))
    token.attrSet("rel", "nofollow noopener noreferrer ugc")
    return _open(self, tokens, index, options)


def _image(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    alternative = "".join(child.content for child in token.children or ()) or "picture"
    link = Token("link_open", "a", 1, attrs={"href": str(token.attrGet("src") or "")})
    name = Token("text", "", 0, content=f"[{alternative}]")
    escaped = self.render([name], options, env)
    # A picture inside a link would be a link inside a link.
    if _inside_link(tokens, index):
        return str(escaped)
    return f"{_link(self, [link], 0, options, env)}{escaped}</a>"


def _heading(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # The page's own headings stand above those of the card.
    token = tokens[index]
    token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return _open(self, tokens, index, options)


def _code(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # Long lines scroll, and the keyboard alone must be able to do that.
    made = str(getattr(RendererHTML, tokens[index].type)(self, tokens, index, options, env))
    return made.replace("<pre>", '<pre tabindex="0">', 1)


def _open(self: Any, tokens: Sequence[Token], index: int, options: OptionsDict) -> str:
    return str(self.renderToken(tokens, index, options, {}))


def _inside_link(tokens: Sequence[Token], index: int) -> bool:
    kinds = [token.type for token in tokens[:index]]
    return kinds.count("link_open") > kinds.count("link_close")


def _address(address: str, env: EnvType) -> str:
    parts = urlsplit(address)
    if parts.scheme or address.startswith("#"):
        return address
    if parts.netloc:
        return f"https:{address}"
    base = str(env["base"])
    joined = urljoin(base, address.lstrip("/"))
    # "../../../settings" leads out of the repository's files.
    return joined if joined.startswith(base) else base.rsplit("/blob/", 1)[0]
