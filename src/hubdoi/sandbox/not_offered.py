"""What huggingface.co offers beyond repositories, answered with one sentence and status 501."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from fastapi import APIRouter

from .refusal import Refusal

router = APIRouter()

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_SPACES = "The sandbox runs no Spaces; it keeps models and datasets."
_BUCKETS = "The sandbox has no storage buckets; upload to a model or dataset instead."
_JOBS = "The sandbox runs no jobs."
_PAPERS = "The sandbox has no papers."

NOT_OFFERED = (
    ("/api/spaces/{rest}", _SPACES),
    ("/api/spaces/zero-gpu/quota", _SPACES),
    ("/api/spaces/{namespace}/{name}/{rest:path}", _SPACES),
    ("/api/buckets", _BUCKETS),
    ("/api/buckets/{rest:path}", _BUCKETS),
    ("/buckets/{rest:path}", _BUCKETS),
    ("/api/jobs/{rest:path}", _JOBS),
    ("/api/scheduled-jobs/{rest:path}", _JOBS),
    ("/api/papers", _PAPERS),
    ("/api/papers/{rest:path}", _PAPERS),
    ("/api/daily_papers", _PAPERS),
    ("/papers/{rest:path}", _PAPERS),
    ("/uploads", "The sandbox keeps no attachments; put the file into a repository."),
    (
        "/api/datasets/{namespace}/{name}/leaderboard",
        "The sandbox evaluates nothing and has no leaderboards.",
    ),
    (
        "/api/models/{namespace}/{name}/safetensors-metadata/{rest:path}",
        "The sandbox does not read safetensors; get_safetensors_metadata reads them itself.",
    ),
    (
        "/api/{kind}/{namespace}/{name}/lfs-files/batch",
        "The sandbox keeps every version of a large file: a DOI may name it.",
    ),
    (
        "/api/collections/{owner}/{name}/resource-group",
        "The sandbox has no resource groups; a collection is public or private.",
    ),
)
"""The paths, and what is said at each."""


def _saying(sentence: str) -> Callable[[], NoReturn]:
    def refuse() -> NoReturn:
        raise Refusal(501, sentence, "NotOffered")

    return refuse


for _path, _sentence in NOT_OFFERED:
    router.add_api_route(_path, _saying(_sentence), methods=_METHODS, response_model=None)
