"""The configuration: one schema, in the environment, in a file, and in the documentation."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path

import pytest

from hubdoi.gateway.settings import Settings
from hubdoi.records.errors import InvalidInput

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "run-a-gateway.md"


def test_every_setting_is_documented_and_nothing_else() -> None:
    rows = [
        [cell.strip().strip("`") for cell in line.split("|")[1:4]]
        for line in GUIDE.read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]
    wanted = [[f.metadata["variable"], f.name, f.metadata["about"]] for f in fields(Settings)]
    assert rows == wanted


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('institution = "A library"\nowners = ["lab", "chair"]\nquota = 3\n')
    found = Settings.read(
        {"HUBDOI_GATEWAY_CONFIG": str(file), "HUBDOI_GATEWAY_OWNERS": " one, two ,"}
    )
    assert (found.institution, found.owners, found.quota) == ("A library", ("one", "two"), 3)


def test_a_secret_comes_from_a_file_and_is_shown_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("let-me-in\n")
    found = Settings.read({"DATACITE_PASSWORD_FILE": str(file)})
    assert found.datacite_password is not None
    assert found.datacite_password.reveal() == "let-me-in"
    assert "let-me-in" not in repr(found)


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"HUBDOI_GATEWAY_HUB": "nowhere"}, "HUBDOI_GATEWAY_HUB: 'nowhere' is not the URL"),
        ({"HUBDOI_GATEWAY_OIDC_ISSUER": "idp.org"}, "HUBDOI_GATEWAY_OIDC_ISSUER: 'idp.org'"),
        ({"HUBDOI_GATEWAY_URL": "https://x.org/dois"}, "HUBDOI_GATEWAY_URL has a path"),
        ({"DATACITE_PASSWORD_FILE": os.devnull}, "is empty"),
        ({"DATACITE_PASSWORD": "a", "DATACITE_PASSWORD_FILE": "/b"}, "both set"),
        ({"HUBDOI_GATEWAY_QUOTA": "none"}, "HUBDOI_GATEWAY_QUOTA"),
        ({"HUBDOI_GATEWAY_QUOTA": "0"}, "HUBDOI_GATEWAY_QUOTA"),
        ({"HUBDOI_GATEWAY_REQUIRE": "fame"}, "orcid"),
        ({"HUBDOI_GATEWAY_CONFIG": "/nowhere.toml"}, "cannot be read"),
        ({"DATACITE_PASSWORD_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(variables: dict[str, str], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        Settings.read(variables)


@pytest.mark.parametrize("written", ["true", "1.5", "[1]", "2026-11-30"])
def test_a_number_in_the_file_is_a_whole_number(written: str, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(f"quota = {written}\n")
    with pytest.raises(InvalidInput, match="HUBDOI_GATEWAY_QUOTA is a whole number"):
        Settings.read({"HUBDOI_GATEWAY_CONFIG": str(file)})


def test_an_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("quotas = 3\n")
    with pytest.raises(InvalidInput, match="quotas"):
        Settings.read({"HUBDOI_GATEWAY_CONFIG": str(file)})


def test_every_test_that_the_guide_names_is_there() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", GUIDE.read_text("utf-8"))
    assert len(named) > 12
    for file, test in named:
        assert f"def {test}(" in (Path(__file__).parent / file).read_text("utf-8"), test
