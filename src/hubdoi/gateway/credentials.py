"""What a request brings to say who asks, and that they may write."""

from __future__ import annotations

from dataclasses import dataclass

from ..config import Secret

TOKEN_PREFIX = "hubdoi_"  # noqa: S105  # nosec B105  # the beginning of a token, no token
"""How the gateway's own tokens begin."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token of the Hub (`hub`), one of JupyterHub or the gateway (`identity`), both or none."""

    hub: Secret | None = None
    identity: Secret | None = None


def is_of_hub(token: Secret) -> bool:
    """Whether it is written as every token of the Hub is."""
    return token.reveal().startswith("hf_")


def is_of_gateway(token: Secret) -> bool:
    """Whether it is one that the gateway itself gave to a notebook."""
    return token.reveal().startswith(TOKEN_PREFIX)
