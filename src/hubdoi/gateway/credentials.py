"""What a request brings to say who asks, and that they may write."""

from __future__ import annotations

from dataclasses import dataclass

from ..config import Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token of the Hub (`hub`), one of JupyterHub (`identity`), both or none."""

    hub: Secret | None = None
    identity: Secret | None = None


def is_of_hub(token: Secret) -> bool:
    """Whether it is written as every token of the Hub is."""
    return token.reveal().startswith("hf_")
