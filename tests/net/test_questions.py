"""Equal questions at the same moment: asked once, never with an answer from before, never across keys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import hubdoi.net.questions
from hubdoi.net.questions import Questions


class Waits:
    """How many threads wait for an answer to one of `questions` that another thread gets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, questions: Questions) -> None:
        self.begun = waits = threading.Semaphore(0)

        class Noted(Future[Any]):
            def _note(self) -> None:
                # Whoever else runs in this process has questions of their own.
                open_ones = [*questions._asking.values(), *questions._next.values()]
                if not self.done() and self in open_ones:
                    waits.release()

            def result(self, timeout: float | None = None) -> Any:
                self._note()
                return super().result(timeout)

            def exception(self, timeout: float | None = None) -> BaseException | None:
                self._note()
                return super().exception(timeout)

        monkeypatch.setattr(hubdoi.net.questions, "Future", Noted)

    def reach(self, count: int) -> None:
        for _ in range(count):
            assert self.begun.acquire(timeout=60)


@pytest.fixture
def questions() -> Questions:
    return Questions()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch, questions: Questions) -> Waits:
    return Waits(monkeypatch, questions)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as running:
        yield running


def test_those_who_ask_meanwhile_share_the_next_answer(
    questions: Questions, waits: Waits, pool: ThreadPoolExecutor
) -> None:
    go, asked = threading.Event(), []
    begun = threading.Event()

    def answer() -> int:
        asked.append(None)
        begun.set()
        assert go.wait(60)
        return len(asked)

    first = pool.submit(questions.ask, "q", answer)
    assert begun.wait(60)
    others = [pool.submit(questions.ask, "q", answer) for _ in range(9)]
    waits.reach(9)
    # Another question does not wait for this one.
    assert questions.ask("another", lambda: "at once") == "at once"
    go.set()
    # The first answer was begun before the others asked: it is not theirs.
    assert first.result() == 1
    assert [other.result() for other in others] == [2] * 9
    assert questions.ask("q", answer) == 3


def test_a_failure_is_theirs_who_waited_for_it_and_nobody_elses(
    questions: Questions, waits: Waits, pool: ThreadPoolExecutor
) -> None:
    go, begun = threading.Event(), threading.Event()
    turns: list[str] = []

    def answer() -> str:
        turns.append("")
        if len(turns) == 1:
            begun.set()
            assert go.wait(60)
            raise ValueError("the first")
        return "the second"

    first = pool.submit(questions.ask, "q", answer)
    assert begun.wait(60)
    others = [pool.submit(questions.ask, "q", answer) for _ in range(3)]
    waits.reach(3)
    go.set()
    with pytest.raises(ValueError, match="the first"):
        first.result()
    assert [other.result() for other in others] == ["the second"] * 3
    assert len(turns) == 2
