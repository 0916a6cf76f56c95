"""The arguments of evaluation harnesses: ``pretrained=owner/name,revision=v1`` in one text."""

from __future__ import annotations

HARNESS_KEYS = ("pretrained", "peft", "delta", "tokenizer", "model_name")
"""The keys that name a repository, as lm-evaluation-harness and lighteval spell them."""


def arguments_in(text: str) -> list[str]:
    """The repositories in a harness's text of arguments, as ``id@revision`` where it has one."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    given = {key.strip(): value.strip().strip("\"'") for key, equals, value in pairs if equals}
    found = []
    for key in HARNESS_KEYS:
        if name := given.get(key):
            own = given.get("revision") if key in ("pretrained", "model_name") else None
            found.append(f"{name}@{own}" if own else name)
    return found
