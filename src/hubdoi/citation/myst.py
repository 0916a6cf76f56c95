"""Citations in MyST Markdown: ``[@10.57967/hf/0039]``, which MyST resolves by the DOI itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..records import Version
from .markdown import in_text_link

# What MyST reads as the label of one citation in a group.
_LABEL = re.compile(r"[A-Za-z0-9_./:()+-]*[A-Za-z0-9_/]")


def write(versions: Sequence[Version]) -> str:
    """The DOIs as one group of citations, and everything else as links.

    No .bib file is needed: MyST asks doi.org, and ``myst build --doi-bib`` writes what it was told
    to a file that works without network. A test DOI is unknown there.
    """
    cited, linked = [], []
    for version in versions:
        doi = version.doi
        if doi is not None and not doi.is_test and _LABEL.fullmatch(doi.name):
            cited.append(f"@{doi.name}")
        else:
            linked.append(in_text_link(version))
    return " ".join([f"[{'; '.join(cited)}]", *linked] if cited else linked)
