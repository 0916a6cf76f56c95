"""Many people who look at one repository at the same moment: the Hub is asked once for each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hubdoi.config import Secret
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.hub.repositories import HuggingFaceHub
from hubdoi.records import Repo, Status
from hubdoi.records.errors import RepoNotFound
from hubdoi.sandbox import Sandbox
from tests.net.test_questions import Waits

Open = Callable[..., Institution]


def test_equal_questions_are_joined_and_never_between_two_people(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_hub.hf_api().create_repo("ada/hidden", private=True)
    hidden, institution = Repo("model", "ada/hidden"), institution_of()
    waits, begun, go = (
        Waits(monkeypatch, institution.statuses),
        threading.Semaphore(0),
        threading.Event(),
    )
    info, asked = HuggingFaceHub.info, []

    def held(self: HuggingFaceHub, *arguments: Any) -> Any:
        if self.endpoint != plain_hub.endpoint:
            # A thread that an earlier test left.
            return info(self, *arguments)
        asked.append(self)
        begun.release()
        assert go.wait(60)
        return info(self, *arguments)

    def status(user: str) -> Status:
        return backend_for(institution, Secret(plain_hub.users[user])).status(hidden)

    for user in ("ada", "grace"):
        backend_for(institution, Secret(plain_hub.users[user])).hub.whoami()
    monkeypatch.setattr(HuggingFaceHub, "info", held)
    with ThreadPoolExecutor(12) as pool:
        first = pool.submit(status, "ada")
        assert begun.acquire(timeout=60)
        others = [pool.submit(status, "ada") for _ in range(8)]
        waits.reach(8)
        stranger = pool.submit(status, "grace")
        assert begun.acquire(timeout=60)
        go.set()
        assert {found.result().repo for found in (first, *others)} == {hidden}
        with pytest.raises(RepoNotFound):
            stranger.result()
    # Ada's first question, those that came meanwhile together, and the stranger's.
    assert len(asked) == 3


def test_who_somebody_is_is_asked_once_at_a_time_and_again_for_a_mint(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Semaphore(0), threading.Event()
    hub = backend_for(institution_of(), Secret(plain_hub.users["ada"])).hub
    waits = Waits(monkeypatch, hub._questions)
    get, asked = hub._http.get, []

    def held(path: str, *arguments: Any, **more: Any) -> Any:
        asked.append(path)
        begun.release()
        assert go.wait(60)
        return get(path, *arguments, **more)

    monkeypatch.setattr(hub._http, "get", held)
    with ThreadPoolExecutor(12) as pool:
        people = [pool.submit(hub.whoami)]
        assert begun.acquire(timeout=60)
        people += [pool.submit(hub.whoami) for _ in range(8)]
        waits.reach(8)
        go.set()
        assert {person.result().username for person in people if person.result()} == {"ada"}
    assert asked == ["/api/whoami-v2"]
    hub.forget_person()
    hub.whoami()
    assert asked == ["/api/whoami-v2"] * 2
