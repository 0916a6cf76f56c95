"""What /openapi.json says of the DOI side is what the sandbox does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hubdoi.sandbox import Sandbox

Ask = Callable[..., httpx.Response]

DOI = "/api/models/ada/tiny-bert/doi"
OPERATION = "/api/{kind}/{namespace}/{name}/doi"


@pytest.fixture
def document(http: Ask) -> dict[str, Any]:
    answer = http("GET", "/openapi.json", user=None)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def conforms(document: dict[str, Any]) -> Callable[[httpx.Response, str, str], None]:
    """Whether an answer is what the document promises: ``conforms(answer, "get", path)``."""

    def check(answer: httpx.Response, method: str, path: str) -> None:
        said = document["paths"][path][method]["responses"]
        assert str(answer.status_code) in said, (answer.status_code, answer.text)
        schema = said[str(answer.status_code)]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate(answer.json())
        if answer.status_code >= 400:
            for name in said[str(answer.status_code)]["headers"]:
                assert name in answer.headers

    return check


def test_the_document_holds_the_doi_side_and_its_references(document: dict[str, Any]) -> None:
    assert {OPERATION, f"{OPERATION}/requests", "/api/dois/{doi}"} <= document["paths"].keys()
    schemas = document["components"]["schemas"]
    for found in _references(document):
        assert found.removeprefix("#/components/schemas/") in schemas
    assert "HTTPValidationError" not in schemas
    mint = document["paths"][OPERATION]["post"]
    assert set(mint["responses"]) == {"201", "400", "401", "403", "404", "409", "413", "422"}
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)


def test_every_answer_is_what_the_document_promises(
    http: Ask,
    demo: Sandbox,
    document: dict[str, Any],
    conforms: Callable[[httpx.Response, str, str], None],
) -> None:
    demo.hf_api().create_repo("ada/empty")
    seen: set[tuple[str, str, int]] = set()

    def ask(method: str, path: str, operation: str, status: int, **more: Any) -> httpx.Response:
        answer = http(method, path, **more)
        assert answer.status_code == status, answer.text
        conforms(answer, method.lower(), operation)
        seen.add((method, operation, status))
        return answer

    empty, secret = "/api/models/ada/empty/doi", "/api/models/grace/secret-model/doi"
    wrong = {"headers": {"Authorization": "Bearer hf_wrong"}, "user": None}
    for path, more in ((DOI, {}), (DOI, {"user": None}), (empty, {}), (secret, {"user": "grace"})):
        ask("GET", path, OPERATION, 200, **more)
    ask("GET", secret, OPERATION, 404)
    ask("GET", DOI, OPERATION, 401, **wrong)
    ask("GET", "/api/spaces/a/b/doi", OPERATION, 409)

    agreed = {"agree": True, "terms": http("GET", DOI).json()["terms"]["digest"]}
    key = {"headers": {"Idempotency-Key": "key"}}
    ask("POST", DOI, OPERATION, 400, json={})
    ask("POST", DOI, OPERATION, 400, content=b"[")
    ask("POST", DOI, OPERATION, 400, json=agreed, headers={"Idempotency-Key": "x" * 300})
    ask("POST", DOI, OPERATION, 401, json=agreed, user=None)
    ask("POST", DOI, OPERATION, 401, json=agreed, **wrong)
    ask("POST", DOI, OPERATION, 403, json=agreed, user="grace")
    ask("POST", secret, OPERATION, 404, json=agreed)
    ask("POST", DOI, OPERATION, 404, json={**agreed, "revision": "f" * 40})
    ask("POST", DOI, OPERATION, 409, json={**agreed, "terms": "0"})
    ask("POST", empty, OPERATION, 409, json=agreed)
    ask("POST", secret, OPERATION, 409, json=agreed, user="grace")
    ask("POST", DOI, OPERATION, 422, json={**agreed, "authors": 5})
    authors = ["Babbage,", {"name": "Lovelace, Ada", "orcid": "0000-0002-1825-0097"}]
    ask("POST", DOI, OPERATION, 201, json={**agreed, "authors": authors}, **key)
    ask("POST", DOI, OPERATION, 422, json=agreed, **key)
    ask("POST", DOI, OPERATION, 409, json=agreed)
    large = http("POST", DOI, content=b" " * 2**21)
    assert large.status_code == 413
    demo.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/tiny-bert")
    ask("POST", DOI, OPERATION, 201, json=agreed)
    assert len(ask("GET", DOI, OPERATION, 200).json()["versions"]) == 2

    ask("GET", "/api/dois/10.5072/hf/0001", "/api/dois/{doi}", 200)
    ask("GET", "/api/dois/10.5072/hf/0404", "/api/dois/{doi}", 404)

    # An address with a line end in it belongs to no route, and a wrong token is refused there too.
    ask("GET", "/api/dois/10.5072/%0Ax", "/api/dois/{doi}", 401, **wrong)

    requests = f"{OPERATION}/requests"
    ask("POST", f"{DOI}/requests", requests, 202, json={"action": "delete", "reason": "x"})
    ask("POST", f"{DOI}/requests", requests, 400, content=b"")
    ask("POST", f"{DOI}/requests", requests, 401, json={}, user=None)
    ask("POST", f"{DOI}/requests", requests, 403, json={}, user="grace")
    ask("POST", "/api/models/a/b/doi/requests", requests, 404, json={})
    ask("POST", "/api/spaces/a/b/doi/requests", requests, 409, json={})
    ask("POST", f"{DOI}/requests", requests, 422, json={})

    support = {"headers": {"Authorization": f"Bearer {demo.support_token}"}, "user": None}
    listing, grant = "/api/support/requests", "/api/support/requests/{number}/grant"
    ask("GET", listing, listing, 200, **support)
    ask("GET", listing, listing, 401, user=None)
    ask("GET", listing, listing, 403)
    ask("POST", f"{listing}/1/grant", grant, 401, user=None)
    ask("POST", f"{listing}/1/grant", grant, 403)
    ask("POST", f"{listing}/7/grant", grant, 404, **support)
    ask("POST", f"{listing}/0/grant", grant, 422, **support)
    ask("POST", f"{listing}/1/grant", grant, 200, **support)
    ask("POST", f"{listing}/1/grant", grant, 409, **support)
    promised = {
        (method.upper(), path, int(status))
        for path, methods in document["paths"].items()
        if path in {operation for _, operation, _ in seen}
        for method, said in methods.items()
        for status in said["responses"]
    }
    # FastAPI says 422 wherever there is a parameter, even one that cannot be wrong; for 413 see above.
    assert {left for left in promised - seen if left[2] not in (413, 422)} == set()


@pytest.mark.parametrize("user", ["ada", None])
def test_whatever_is_asked_the_answer_conforms(demo: Sandbox, user: str | None) -> None:
    headers = {"Authorization": f"Bearer {demo.users[user]}"} if user else {}
    digest = demo.world.registrar.terms.digest
    schema = schemathesis.openapi.from_dict(
        json.loads(httpx.get(f"{demo.endpoint}/openapi.json").text)
    )
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 6
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
    ]
    # To make up a request takes longer than to answer it.
    profile = settings.get_profile(settings.get_current_profile_name())
    for operation in operations:

        @settings(
            max_examples=profile.max_examples * 2 // 5,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            if "kind" in case.path_parameters:
                # Somebody's own repository lets more than the door be tried.
                case.path_parameters.update(kind="models", namespace="ada", name="tiny-bert")
            if isinstance(case.body, dict) and "terms" in case.body:
                case.body["terms"] = digest
            answer = case.call(base_url=demo.endpoint, headers=headers)
            case.validate_response(answer, checks=checks)

        ask()
    versions = httpx.get(demo.endpoint + DOI).json()["versions"]
    assert len(versions) <= 1
    assert user or not versions
