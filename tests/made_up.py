"""Inputs that hypothesis makes up: texts, bytes and JSON that mean something to some parser."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

# Pieces that mean something to some parser, in every order and with anything in between.
_PIECES = st.sampled_from(
    "ada/tiny-bert datasets/ spaces/ hf:// https://huggingface.co/ doi: 10.57967/hf/0039 "
    "https://doi.org/ @ # ? % / \\ .. . : ; , & = + - -- _ ~ { } [ ] ( ) < > ' \" ` $ | * ! "
    "Lovelace, Ada 0000-0002-1825-0097 <0000-0001-2345-6789> https://orcid.org/ ror.org/ and "
    "@misc{ @string{ @comment @preamble{ title author = doi year }} %doi %%doi mint cite --agree "
    "--format bibtex --style --author --revision !pip %%bash --- authors: - name: &a *a <<: !!python/object "
    "<script> </script> \\input{ \\write18 <!-- --> ]]> {{ }} ${ application/x-bibtex q=0.5 */* "
    "2026-11-23T09:00:00Z 9999999 -1 1e999 NaN null true \ufeff \u202e \u2028 \ud83d\ude00 \u0000 \x1b[31m "
    'javascript: ![ ]( ]: ** ~~~ ``` | rel="next" bytes= t= Bearer ² ٣ '
    "\r\n \n \t İ ß é 中".split(" ")
)
TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=14).map("".join) | st.text(max_size=60)
LONG = st.tuples(_PIECES, st.integers(1, 3000)).map(lambda pair: pair[0] * pair[1])
WORDS = TEXTS | LONG
BYTES = st.binary(max_size=400) | WORDS.map(lambda text: text.encode("utf-8", "replace"))
NAMES = st.sampled_from(
    "doi title titles creators name authors family given nameType publisher publicationYear types "
    "relatedIdentifiers url revision state versions head agree terms digest text error code version "
    "cells cell_type source metadata language_info id sha tags private cardData author lastModified "
    "created description license orcid affiliation ror repo type dates descriptions rightsList "
    "findings fingerprint format loads key value summary path content encoding oid size".split()
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=5),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES | TEXTS, JSON, max_size=7)
# Most are refused at the first glance; these come further.
JSON_TEXTS = JSON.map(json.dumps) | WORDS
