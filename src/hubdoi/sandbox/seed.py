"""What is in a new sandbox: two people, their organisation, a model, a dataset, a secret."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from ..records import Person, Repo
from .changes import Change
from .credentials import Credentials

if TYPE_CHECKING:
    from .store import Store


_ATTRIBUTES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"

_MODEL_CARD = b"""\
---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: fill-mask
tags:
- bert
- tiny
base_model: google-bert/bert-base-uncased
datasets:
- ada/notes
---

# Tiny BERT

A BERT with two layers and one attention head, small enough to read number by number. It is meant for lessons and tests, not for results.

## Use

```python
from transformers import AutoModel

model = AutoModel.from_pretrained("ada/tiny-bert")
```
"""

_CONFIG = {
    "architectures": ["BertModel"],
    "hidden_size": 8,
    "intermediate_size": 16,
    "max_position_embeddings": 16,
    "model_type": "bert",
    "num_attention_heads": 1,
    "num_hidden_layers": 2,
    "vocab_size": 32,
}

_DATASET_CARD = b"""\
---
license: cc-by-4.0
language: en
task_categories:
- text-classification
tags:
- history-of-computing
size_categories:
- n<1K
---

# Notes

Short remarks on the Analytical Engine, each with the letter of the note that it belongs to. There are twelve of them.
"""

_NOTES = (
    ("A", "The engine weaves algebraical patterns."),
    ("A", "It may act upon other things besides number."),
    ("B", "The storehouse holds the columns of discs."),
    ("B", "A column may stand for any number at all."),
    ("C", "Cards are strung together and can be turned back."),
    ("D", "A diagram shows every step of a computation."),
    ("D", "Variables are those that receive and those that give."),
    ("E", "A cycle of operations may contain other cycles."),
    ("F", "Backing the cards saves a great number of them."),
    ("G", "It has no pretensions to originate anything."),
    ("G", "It can do whatever we know how to order it to perform."),
    ("G", "The numbers of Bernoulli make a good example."),
)

_SECRET_CARD = b"""\
---
license: other
---

# Secret model

Not ready to be seen.
"""


def plant(seed: str, store: Store, credentials: Credentials) -> None:
    """Fill a new sandbox; one that has people in it is left as it is."""
    if seed == "demo":
        with store.database.transaction():
            if store.people.person("ada") is None:
                _demo(store)
        credentials.add("ada", "grace")


def _demo(store: Store) -> None:
    store.people.add("ada", "Ada Lovelace")
    store.people.add("grace", "Grace Hopper")
    store.people.add_organization("analytical-engine", "Analytical Engine")
    store.people.join("ada", "analytical-engine")
    store.people.join("grace", "analytical-engine")
    ada = Person("ada", "Ada Lovelace", ("analytical-engine",))
    grace = Person("grace", "Grace Hopper", ("analytical-engine",))
    _repository(
        store,
        ada,
        Repo("model", "ada/tiny-bert"),
        {
            ".gitattributes": _ATTRIBUTES,
            "README.md": _MODEL_CARD,
            "config.json": json.dumps(_CONFIG, indent=2).encode() + b"\n",
            "model.safetensors": safetensors(
                {
                    "embeddings.word_embeddings.weight": (32, 8),
                    "encoder.layer.0.attention.self.query.weight": (8, 8),
                    "encoder.layer.1.attention.self.query.weight": (8, 8),
                }
            ),
        },
    )
    rows = [("note", "text"), *_NOTES]
    _repository(
        store,
        ada,
        Repo("dataset", "ada/notes"),
        {
            ".gitattributes": _ATTRIBUTES,
            "README.md": _DATASET_CARD,
            "train.csv": "".join(f"{note},{text}\n" for note, text in rows).encode(),
        },
    )
    _repository(
        store,
        grace,
        Repo("model", "grace/secret-model"),
        {"README.md": _SECRET_CARD},
        private=True,
    )


def safetensors(shapes: dict[str, tuple[int, int]]) -> bytes:
    """A file in the safetensors format: 32-bit tensors of these shapes, with numbers in [-1, 1).

    The length of a JSON header in 8 bytes, the header, then the numbers, all little-endian.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    body = b""
    state = 1
    for name, shape in shapes.items():
        start = len(body)
        for _ in range(shape[0] * shape[1]):
            # A linear congruential generator: the same numbers on every machine.
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            body += struct.pack("<f", state / 2**63 - 1)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, len(body)]}
    written = json.dumps(header, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return struct.pack("<Q", len(written)) + written + body


def _repository(
    store: Store,
    person: Person,
    repo: Repo,
    files: dict[str, bytes],
    *,
    private: bool = False,
) -> None:
    made = store.repositories.create(repo, private=private)
    store.commits.commit(made.uid, person, Change(files), title="initial commit")
