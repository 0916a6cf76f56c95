"""Git LFS: which large files to send or fetch, and their upload (Git LFS batch API, basic transfer)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from .access import require_person, world_of
from .bodies import JsonBody, parts
from .large import LargeFile, LargeFiles, large_file
from .located import Located, Reading, locate
from .permits import claims_of, permit
from .refusal import Refusal
from .served import on_disk

router = APIRouter()

_SECONDS = 12 * 3600
_MAX_OBJECTS = 1000
_MEDIA_TYPE = "application/vnd.git-lfs+json"


@dataclass(frozen=True, slots=True)
class _Transfer:
    """What the permit in a URL allows to upload or download."""

    files: LargeFiles
    uid: str
    file: LargeFile


def _permitted(request: Request, operation: str, given: str, sha256: str) -> _Transfer:
    world = world_of(request)
    claims = claims_of(world.credentials.session_key, f"lfs-{operation}", given)
    if claims is None or claims[1] != sha256:
        raise Refusal(403, f"This {operation} is no longer allowed; request it again.")
    return _Transfer(world.store.large, str(claims[0]), large_file(claims[1], claims[2]))


def _uploading(request: Request, given: str, sha256: str) -> _Transfer:
    return _permitted(request, "upload", given, sha256)


@router.post("/{namespace}/{name}.git/info/lfs/objects/batch")
def batch_of_model(request: Request, namespace: str, name: str, body: JsonBody) -> Response:
    return _batch(request, locate(request, "models", namespace, name), body)


@router.post("/datasets/{namespace}/{name}.git/info/lfs/objects/batch")
def batch_of_dataset(request: Request, namespace: str, name: str, body: JsonBody) -> Response:
    return _batch(request, locate(request, "datasets", namespace, name), body)


@router.post("/{namespace}/{name}.git/info/lfs/objects/verify")
def verify_of_model(request: Request, namespace: str, name: str, body: JsonBody) -> Response:
    return _verify(locate(request, "models", namespace, name), body)


@router.post("/datasets/{namespace}/{name}.git/info/lfs/objects/verify")
def verify_of_dataset(request: Request, namespace: str, name: str, body: JsonBody) -> Response:
    return _verify(locate(request, "datasets", namespace, name), body)


@router.put("/lfs/upload/{given}/{sha256}")
async def upload(request: Request, into: Annotated[_Transfer, Depends(_uploading)]) -> Response:
    """Write the body to disk as it comes, and keep it if it is what was announced."""
    with into.files.receive(into.file.size) as incoming:
        async for part in parts(request):
            await run_in_threadpool(incoming.write, part)
        await run_in_threadpool(into.files.keep, into.uid, incoming, into.file)
    return Response(status_code=200)


@router.get("/lfs/download/{given}/{sha256}")
def download(request: Request, given: str, sha256: str) -> Response:
    permitted = _permitted(request, "download", given, sha256)
    return on_disk(request, permitted.files.path(sha256), permitted.file.size, {})


@router.post("/api/{kind}/{namespace}/{name}/lfs-files/duplicate")
def duplicate(request: Request, found: Reading, body: JsonBody) -> dict[str, Any]:
    """Let another repository commit large files of this one, without sending them.

    As in an upload, whoever can open a pull request there can do so.
    """
    require_person(request)
    found.refuse_without_access()
    target, files = body.get("target"), body.get("files")
    if not isinstance(target, dict) or not isinstance(files, list) or len(files) > _MAX_OBJECTS:
        raise Refusal(400, f"The body has a target, and a list of at most {_MAX_OBJECTS} files.")
    kind, (namespace, _, name) = f"{target.get('type')}s", str(target.get("name")).partition("/")
    into = locate(request, kind, namespace, name)
    answer: dict[str, list[dict[str, str]]] = {"success": [], "failed": []}
    for item in files:
        sha256 = str(item.get("sha256"))[:64] if isinstance(item, dict) else ""
        if found.store.large.belongs_to(found.uid, sha256):
            found.store.large.offer(into.uid, sha256)
            answer["success"].append({"sha256": sha256})
        else:
            error = f"There is no such file in {found.repo}."
            answer["failed"].append({"sha256": sha256, "error": error})
    return answer


def _batch(request: Request, found: Located, body: dict[str, Any]) -> Response:
    operation, objects = body.get("operation"), body.get("objects")
    if operation not in ("upload", "download"):
        raise Refusal(422, "The operation is upload or download.")
    if not isinstance(objects, list) or len(objects) > _MAX_OBJECTS:
        raise Refusal(422, f"'objects' must be a list of at most {_MAX_OBJECTS} objects.")
    transfers = body.get("transfers", ["basic"])
    if not isinstance(transfers, list) or "basic" not in transfers:
        raise Refusal(422, "The sandbox supports only the 'basic' transfer of large files.")
    if operation == "upload":
        # Whoever can open a pull request can upload what it holds.
        require_person(request)
    else:
        found.refuse_without_access()
    answer = [_described(request, found, operation, item) for item in objects]
    return JSONResponse(
        {"transfer": "basic", "objects": answer, "hash_algo": "sha256"}, media_type=_MEDIA_TYPE
    )


def _described(request: Request, found: Located, operation: str, item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise Refusal(422, "An object has an oid and a size.")
    try:
        file = large_file(item.get("oid"), item.get("size"))
    except Refusal as error:
        return {
            "oid": str(item.get("oid"))[:100],
            "size": item.get("size") if isinstance(item.get("size"), int) else 0,
            "error": {
                "code": 422 if error.status == 400 else error.status,
                "message": error.message,
            },
        }
    store, described = found.store, {"oid": file.sha256, "size": file.size}
    present = store.large.belongs_to(found.uid, file.sha256)
    if operation == "download" and not present:
        message = f"There is no large file {file.sha256} in this repository."
        return described | {"error": {"code": 404, "message": message}}
    if operation == "upload" and present:
        return described
    key = world_of(request).credentials.session_key
    claims = (found.uid, file.sha256, file.size)
    given = permit(key, f"lfs-{operation}", *claims, seconds=_SECONDS)
    href = f"{store.endpoint}/lfs/{operation}/{given}/{file.sha256}"
    actions: dict[str, Any] = {operation: {"href": href, "expires_in": _SECONDS}}
    if operation == "upload":
        verify = f"{store.endpoint}/{found.repo.path}.git/info/lfs/objects/verify"
        actions["verify"] = {"href": verify}
    return described | {"authenticated": True, "actions": actions}


def _verify(found: Located, body: dict[str, Any]) -> Response:
    file = large_file(body.get("oid"), body.get("size"))
    path = found.store.large.path(file.sha256)
    if not found.store.large.belongs_to(found.uid, file.sha256) or not path.exists():
        raise Refusal(404, f"The large file {file.sha256} was not uploaded to this repository.")
    if path.stat().st_size != file.size:
        raise Refusal(422, f"The large file {file.sha256} does not have {file.size} bytes.")
    return JSONResponse({}, media_type=_MEDIA_TYPE)
