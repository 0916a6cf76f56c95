"""The Hub's HTTP API, as far as `huggingface_hub` uses it."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter
from starlette.routing import Route

from . import (
    hub_collections,
    hub_commits,
    hub_croissant,
    hub_discussions,
    hub_files,
    hub_gated,
    hub_history,
    hub_identity,
    hub_lfs,
    hub_listing,
    hub_parquet,
    hub_people,
    hub_refs,
    hub_repos,
    hub_social,
    hub_webhooks,
    hub_xet,
    not_offered,
)

router = APIRouter()
for _part in (
    # First: its paths are narrower than those of repositories.
    not_offered,
    hub_social,
    hub_history,
    hub_gated,
    hub_webhooks,
    hub_collections,
    hub_identity,
    hub_people,
    hub_repos,
    hub_listing,
    hub_refs,
    hub_commits,
    hub_lfs,
    hub_xet,
    hub_files,
    hub_croissant,
    hub_parquet,
    hub_discussions,
):
    router.routes += _part.router.routes
for _route in router.routes:
    # The OpenAPI document describes the DOI side; what this side answers is huggingface_hub's to say.
    cast(Route, _route).include_in_schema = False
