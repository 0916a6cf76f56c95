"""SPDX identifiers of the licences that repository cards name."""

from __future__ import annotations

import re

# Names of the Creative Commons licences, whose identifiers are their parts.
_CC_PARTS = {
    "BY": "Attribution",
    "NC": "Non Commercial",
    "ND": "No Derivatives",
    "SA": "Share Alike",
}
_CC_EDITIONS = {
    "1.0": "Generic",
    "2.0": "Generic",
    "2.5": "Generic",
    "3.0": "Unported",
    "4.0": "International",
}
_CC_TERMS = ("BY", "BY-NC", "BY-NC-ND", "BY-NC-SA", "BY-ND", "BY-SA")

_NAMES = {
    "0BSD": "BSD Zero Clause License",
    "AFL-3.0": "Academic Free License v3.0",
    "AGPL-3.0": "GNU Affero General Public License v3.0",
    "AGPL-3.0-only": "GNU Affero General Public License v3.0 only",
    "AGPL-3.0-or-later": "GNU Affero General Public License v3.0 or later",
    "Apache-2.0": "Apache License 2.0",
    "Artistic-2.0": "Artistic License 2.0",
    "BSD-2-Clause": 'BSD 2-Clause "Simplified" License',
    "BSD-3-Clause": 'BSD 3-Clause "New" or "Revised" License',
    "BSD-3-Clause-Clear": "BSD 3-Clause Clear License",
    "BSL-1.0": "Boost Software License 1.0",
    "CC0-1.0": "Creative Commons Zero v1.0 Universal",
    "CDLA-Permissive-1.0": "Community Data License Agreement Permissive 1.0",
    "CDLA-Permissive-2.0": "Community Data License Agreement Permissive 2.0",
    "CDLA-Sharing-1.0": "Community Data License Agreement Sharing 1.0",
    "C-UDA-1.0": "Computational Use of Data Agreement v1.0",
    "ECL-2.0": "Educational Community License v2.0",
    "EPL-1.0": "Eclipse Public License 1.0",
    "EPL-2.0": "Eclipse Public License 2.0",
    "etalab-2.0": "Etalab Open License 2.0",
    "EUPL-1.1": "European Union Public License 1.1",
    "EUPL-1.2": "European Union Public License 1.2",
    "GFDL-1.3": "GNU Free Documentation License v1.3",
    "GFDL-1.3-only": "GNU Free Documentation License v1.3 only",
    "GFDL-1.3-or-later": "GNU Free Documentation License v1.3 or later",
    "GPL-2.0": "GNU General Public License v2.0",
    "GPL-2.0-only": "GNU General Public License v2.0 only",
    "GPL-2.0-or-later": "GNU General Public License v2.0 or later",
    "GPL-3.0": "GNU General Public License v3.0",
    "GPL-3.0-only": "GNU General Public License v3.0 only",
    "GPL-3.0-or-later": "GNU General Public License v3.0 or later",
    "ISC": "ISC License",
    "LGPL-2.1": "GNU Lesser General Public License v2.1",
    "LGPL-2.1-only": "GNU Lesser General Public License v2.1 only",
    "LGPL-2.1-or-later": "GNU Lesser General Public License v2.1 or later",
    "LGPL-3.0": "GNU Lesser General Public License v3.0",
    "LGPL-3.0-only": "GNU Lesser General Public License v3.0 only",
    "LGPL-3.0-or-later": "GNU Lesser General Public License v3.0 or later",
    "LPPL-1.3c": "LaTeX Project Public License v1.3c",
    "MIT": "MIT License",
    "MPL-2.0": "Mozilla Public License 2.0",
    "MS-PL": "Microsoft Public License",
    "NCSA": "University of Illinois/NCSA Open Source License",
    "ODC-By-1.0": "Open Data Commons Attribution License v1.0",
    "ODbL-1.0": "Open Data Commons Open Database License v1.0",
    "OFL-1.1": "SIL Open Font License 1.1",
    "OSL-3.0": "Open Software License 3.0",
    "PDDL-1.0": "Open Data Commons Public Domain Dedication & License 1.0",
    "PostgreSQL": "PostgreSQL License",
    "Unlicense": "The Unlicense",
    "WTFPL": "Do What The F*ck You Want To Public License",
    "Zlib": "zlib License",
} | {
    f"CC-{terms}-{number}": " ".join(
        ("Creative Commons", *(_CC_PARTS[part] for part in terms.split("-")), number, edition)
    )
    for terms in _CC_TERMS
    for number, edition in _CC_EDITIONS.items()
}
"""The licences that the Hub's cards offer and that are on the SPDX list, with their names in it.

"GPL-3.0" may mean "only" or "or later": SPDX has replaced such identifiers, and the name is of neither.
"""

_BY_WORD = {word.lower(): key for key, name in _NAMES.items() for word in (key, name)} | {
    # Words of the Hub's cards that SPDX spells otherwise.
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "c-uda": "C-UDA-1.0",
    "cc0": "CC0-1.0",
    "gfdl": "GFDL-1.3-or-later",
}


def spdx_identifier(word: str | None) -> str | None:
    """The SPDX identifier that `word` means, in SPDX's spelling; None for a licence of its own kind."""
    return _BY_WORD.get(word.strip().lower()) if word else None


def spdx_name(identifier: str) -> str:
    """The complete title of a licence, with its version: ``Apache License 2.0``."""
    return _NAMES[identifier]


_CREATIVE_COMMONS = re.compile(r"CC-(BY(?:-[A-Z]+)*)-(\d\.\d)")
_PAGES = {
    "bigcode-openrail-m": "https://huggingface.co/spaces/bigcode/bigcode-model-license-agreement",
    "bigscience-bloom-rail-1.0": "https://huggingface.co/spaces/bigscience/license",
    "bigscience-openrail-m": "https://www.licenses.ai/blog/2022/8/26/bigscience-open-rail-m-license",
    "creativeml-openrail-m": "https://huggingface.co/spaces/CompVis/stable-diffusion-license",
    "gemma": "https://ai.google.dev/gemma/terms",
    "llama2": "https://ai.meta.com/llama/license/",
    "llama3": "https://www.llama.com/llama3/license/",
    "llama3.1": "https://www.llama.com/llama3_1/license/",
    "llama3.2": "https://www.llama.com/llama3_2/license/",
    "llama3.3": "https://www.llama.com/llama3_3/license/",
    "llama4": "https://www.llama.com/llama4/license/",
}
"""The pages of licences that the Hub's cards offer and that are not on the SPDX list."""


def license_page(word: str | None) -> str | None:
    """The page of the licence that `word` means; None if unknown.

    A licence of Creative Commons has a URI of its own, which is the one that DataCite, schema.org and
    harvesters know it by; another one of the SPDX list has SPDX's page.
    """
    spdx = spdx_identifier(word)
    if spdx == "CC0-1.0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if spdx and (found := _CREATIVE_COMMONS.fullmatch(spdx)):
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"
    if spdx:
        return f"https://spdx.org/licenses/{spdx}.html"
    return _PAGES.get(word.strip().lower()) if word else None


_URLS = (
    # A legal code in another language is the same licence; one for a country (by/3.0/de) is not.
    (
        r"creativecommons\.org/(?:licenses|licences)/([a-z-]+)/(\d\.\d)(?:/(?:legalcode|deed).*)?",
        "CC-{0}-{1}",
    ),
    (r"creativecommons\.org/publicdomain/zero/1\.0(?:/(?:legalcode|deed).*)?", "CC0-1.0"),
    (r"spdx\.org/licenses/([\w.+-]+?)(?:\.html|\.json)?", "{0}"),
    (r"opensource\.org/licenses?/([\w.+-]+?)(?:\.php|\.html)?", "{0}"),
    (r"apache\.org/licenses/LICENSE-2\.0(?:\.html|\.txt)?", "Apache-2.0"),
    (r"gnu\.org/licenses/(a?gpl|lgpl)-(\d\.\d)(?:-standalone)?(?:\.[a-z.-]+)?", "{0}-{1}"),
)


def spdx_of_page(url: str) -> str | None:
    """The SPDX identifier of the licence whose page `url` is; None for a page that is not known."""
    page = re.sub(r"^https?://(www\.)?|[?#].*$", "", url.strip(), flags=re.IGNORECASE).rstrip("/")
    for pattern, form in _URLS:
        if match := re.fullmatch(pattern, page, flags=re.IGNORECASE):
            return spdx_identifier(form.format(*match.groups()))
    return None
