import json
import re
import stat

import pytest

from hubdoi.records.errors import SandboxError
from hubdoi.sandbox.credentials import Credentials


def test_made_once_and_kept_for_the_owner_alone(tmp_path):
    path = tmp_path / "credentials.json"
    first = Credentials(path)
    token = first.token_for("ada")
    assert re.fullmatch(r"hf_[A-Za-z0-9]{34}", token)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Credentials(path)
    assert again.users == {"ada": token}
    assert again.support_token == first.support_token
    assert again.datacite_repository == first.datacite_repository
    assert again.session_key == first.session_key
    assert Credentials(tmp_path / "other.json").support_token != first.support_token


def test_whose_token(tmp_path):
    credentials = Credentials(tmp_path / "credentials.json")
    ada, grace = credentials.token_for("ada"), credentials.token_for("grace")
    assert credentials.username_of(ada) == "ada"
    assert credentials.username_of(grace) == "grace"
    for wrong in ("", "hf_", ada[:-1], ada + "x", ada.swapcase(), "é", credentials.support_token):
        assert credentials.username_of(wrong) is None
    assert credentials.is_support(credentials.support_token)
    assert not credentials.is_support(ada)


def test_the_datacite_account(tmp_path):
    credentials = Credentials(tmp_path / "credentials.json")
    account = credentials.datacite_repository
    assert account["username"] == "SANDBOX.HF"
    assert account["prefix"] == "10.5072"
    assert credentials.is_datacite("sandbox.hf", account["password"])
    assert not credentials.is_datacite("SANDBOX.HF", "x")
    assert not credentials.is_datacite("OTHER", account["password"])


def test_nothing_secret_in_the_repr(tmp_path):
    credentials = Credentials(tmp_path / "credentials.json")
    secrets = [
        credentials.token_for("ada"),
        credentials.support_token,
        credentials.datacite_password,
    ]
    shown = repr(credentials) + str(credentials)
    assert "ada" in shown
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("content", ["", "[]", "{", "{}", json.dumps({"users": []})])
def test_another_file_is_not_overwritten(tmp_path, content):
    path = tmp_path / "credentials.json"
    path.write_text(content)
    with pytest.raises(SandboxError, match="does not hold the credentials"):
        Credentials(path)
    assert path.read_text() == content
