from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import pytest

from hubdoi.config import (
    DATACITE_API,
    DATACITE_TEST_API,
    Config,
    Secret,
    check_endpoint,
    is_loopback,
)
from hubdoi.records.errors import InsecureEndpoint, InvalidInput

HUB = "https://huggingface.co"


def test_the_defaults_are_huggingface_co_and_nobody() -> None:
    config = Config.resolve(environ={})
    assert (config.endpoint, config.registrar, config.token) == (HUB, "auto", None)
    assert config.datacite_api == DATACITE_API


def test_the_first_that_is_set_wins() -> None:
    environ = {"HUBDOI_ENDPOINT": "https://environment.example", "HUBDOI_STYLE": "ieee"}
    traitlets = {"endpoint": "https://traitlets.example", "style": "apa", "registrar": "handoff"}
    chosen = {"endpoint": "https://chosen.example"}
    argument = {"endpoint": "https://argument.example", "style": None}
    resolved = Config.resolve(argument, chosen, environ=environ, traitlets=traitlets)
    assert resolved.endpoint == "https://argument.example"
    assert (resolved.style, resolved.registrar) == ("ieee", "handoff")
    assert Config.resolve({}, chosen, environ=environ).endpoint == "https://chosen.example"
    assert Config.resolve(environ=environ, traitlets=traitlets).endpoint.endswith(
        "environment.example"
    )
    assert Config.resolve(environ={}, traitlets=traitlets).endpoint == "https://traitlets.example"
    assert (
        Config.resolve(environ={"HF_ENDPOINT": "https://hf.example"}).endpoint
        == "https://hf.example"
    )


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    secret = Secret("hf_very_secret")
    config = Config(token=secret, datacite_password=secret)
    for shown in (repr(secret), str(secret), f"{secret:}", repr(config), str(config)):
        assert "very" not in shown
    with pytest.raises(TypeError, match="not written to disk"):
        pickle.dumps(config)
    assert secret.reveal() == "hf_very_secret"
    assert secret == Secret("hf_very_secret") != Secret("another")


def test_credentials_do_not_travel_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUBDOI_ALLOW_HTTP", raising=False)
    secret = Secret("hf_very_secret")
    for settings in (
        {"endpoint": "http://hub.example", "token": secret},
        {"datacite_api": "http://datacite.example", "datacite_password": secret},
    ):
        with pytest.raises(InsecureEndpoint, match="unencrypted") as caught:
            Config(**settings)
        assert "very" not in str(caught.value)
    assert Config(endpoint="http://hub.example").token is None
    assert Config(endpoint="http://127.0.0.1:8000", token=secret).token == secret
    monkeypatch.setenv("HUBDOI_ALLOW_HTTP", "1")
    assert Config(endpoint="http://hub.example", token=secret).token == secret


def test_the_token_of_hf_auth_login_goes_to_its_hub_alone(tmp_path: Path) -> None:
    home = tmp_path / "hf-home"
    home.mkdir()
    (home / "token").write_text("hf_from_login")
    # huggingface_hub reads where the file is when it is imported; hubdoi looks for a file first.
    environ = {"HF_TOKEN": "hf_from_environment"}
    assert Config.resolve(environ=environ).token == Secret("hf_from_environment")
    assert Config.resolve({"endpoint": "https://other.example"}, environ={}).token is None
    assert Config.resolve({"token": False}, environ=environ).token is None


@pytest.mark.parametrize(
    "address",
    ["", "huggingface.co", "ftp://hub.example", "https://", "https://user:pw@hub.example",
     "https://hub.example?x=1", "https://hub.example#x", "https://hub.example:port", "https://a b"],
)  # fmt: skip
def test_what_is_not_the_address_of_a_server(address: str) -> None:
    with pytest.raises(InvalidInput):
        check_endpoint(address)


def test_a_slash_at_the_end_makes_no_difference() -> None:
    assert check_endpoint(" https://hub.example/ ") == "https://hub.example"
    for other in ("HTTPS://Hub.Example", "https://hub.example:443/", "https://hub.example."):
        assert check_endpoint(other) == "https://hub.example"
    assert check_endpoint("http://LOCALHOST:80/Hub/") == "http://localhost/Hub"
    assert check_endpoint("http://[::1]:8080") == "http://[::1]:8080"


@pytest.mark.parametrize(
    ("address", "local"),
    [("http://127.0.0.1:80", True), ("http://localhost", True), ("http://[::1]:80", True),
     ("http://127.0.0.1.example.org", False), ("http://localhost.example.org", False)],
)  # fmt: skip
def test_loopback(address: str, local: bool) -> None:
    assert is_loopback(address) is local


def test_datacite_s_test_system() -> None:
    assert Config(datacite_test=True).datacite_api == DATACITE_TEST_API
    assert Config.resolve(environ={"HUBDOI_DATACITE_TEST": "1"}).datacite_api == DATACITE_TEST_API
    assert Config.resolve(environ={"HUBDOI_DATACITE_TEST": "0"}).datacite_api == DATACITE_API
    named = Config(datacite_test=True, datacite_api="https://datacite.example")
    assert named.datacite_api == "https://datacite.example"


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("datacite_prefix", "12345", "not the prefix of a DOI"),
        ("contact", "ada", "not an e-mail address"),
        ("contact", "ada@example.org\r\nX-Evil: 1", "not an e-mail address"),
        ("colour", "blue", "There is no setting 'colour'"),
    ],
)
def test_what_cannot_be_a_setting(setting: str, value: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        Config.resolve({setting: value}, environ={})


class OneKeyring(keyring.backend.KeyringBackend):
    """A keyring that holds two passwords."""

    # Below what keyring chooses by itself: it is there only for who sets it.
    priority = -1

    def get_password(self, service: str, username: str) -> str | None:
        return {
            ("hubdoi-datacite", "ACME.LAB"): "from the keyring",
            ("hubdoi-huggingface", "token"): "hf_from_keyring",
        }.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


class LockedKeyring(OneKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("locked")


@pytest.fixture
def ring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(OneKeyring())
    yield
    keyring.set_keyring(before)


def test_what_is_not_in_the_environment_comes_from_the_keyring(ring: None) -> None:
    environ = {"DATACITE_REPOSITORY": "ACME.LAB"}
    assert Config.resolve(environ=environ).datacite_password == Secret("from the keyring")
    set_ = environ | {"DATACITE_PASSWORD": "from the environment"}
    assert Config.resolve(environ=set_).datacite_password == Secret("from the environment")
    assert Config.resolve(environ={"DATACITE_REPOSITORY": "OTHER"}).datacite_password is None
    assert Config.resolve(environ={}).token == Secret("hf_from_keyring")
    assert Config.resolve({"endpoint": "https://other.example"}, environ={}).token is None


def test_a_locked_keyring_is_no_keyring(ring: None) -> None:
    keyring.set_keyring(LockedKeyring())
    assert Config.resolve(environ={"DATACITE_REPOSITORY": "ACME.LAB"}).datacite_password is None
