"""The shapes of the DOI side fit what the records write."""

from __future__ import annotations

from dataclasses import fields

import pytest
from jsonschema import ValidationError, validate

from hubdoi.hub.doi_shapes import (
    AuthorBody,
    DoiStatus,
    MintBody,
    SupportBody,
    VersionAnswer,
    request_body,
)
from hubdoi.records import MAX_AUTHORS, Author, MintRequest, Status, Version


def test_every_field_of_a_record_has_a_place() -> None:
    assert set(VersionAnswer.model_fields) == {field.name for field in fields(Version)}
    assert set(AuthorBody.model_fields) == {field.name for field in fields(Author)}
    assert set(MintBody.model_fields) == {field.name for field in fields(MintRequest)}
    known = {field.name for field in fields(Status)} - {"endpoint", "has_doi_api", "changes"}
    assert set(DoiStatus.model_fields) == known


@pytest.mark.parametrize("agree", [1, "true", None, False, [True]])
def test_r03_only_true_is_consent(agree: object) -> None:
    schema = MintBody.model_json_schema()
    with pytest.raises(ValidationError):
        validate({"agree": agree, "terms": "x"}, schema)
    validate({"agree": True, "terms": "x"}, schema)


def test_a_body_is_described_by_references_into_the_document() -> None:
    mint = request_body(MintBody)["requestBody"]
    schema = mint["content"]["application/json"]["schema"]
    assert mint["required"] is True
    assert "$defs" not in schema
    assert "#/components/schemas/AuthorBody" in str(schema)
    assert schema["properties"]["agree"]["const"] is True
    authors = schema["properties"]["authors"]["anyOf"][0]
    assert (authors["minItems"], authors["maxItems"]) == (1, MAX_AUTHORS)
    support = request_body(SupportBody)["requestBody"]["content"]["application/json"]["schema"]
    assert set(support["required"]) == {"action", "reason"}
