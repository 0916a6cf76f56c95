"""Versions to measure with: as uneven as what people register, the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubdoi.records import Version

__all__ = ["versions"]

_GIVEN = "Ada Grace Alan Émile Łukasz Thị Óscar Çağrı Marie-Curie Jean J.".split()
_FAMILY = "Lovelace Hopper Turing Żak Ngọc Ñuñez İnönü O'Neil d'Alembert Kovács Smith".split()
_NAMES = "tiny_bert Llama-3.2_1B corpus notes_v2 whisper.small eval-set R1_distill".split()
_WORDS = "tiny_bert notes large 7B v1.5 instruct Übersetzung 中文 corpus 100% eval R&D".split()


def versions(count: int, start: int = 0) -> Iterator[Version]:
    """`count` versions with one to six authors, the first of them number `start`."""
    from hubdoi.records import Author, Doi, Repo, Version

    for number in range(start, start + count):
        random = Random(number)
        revision = sha1(str(number).encode()).hexdigest()
        name = f"{random.choice(_NAMES)}-{number}"
        repo = Repo(random.choice(("model", "dataset")), f"owner{number % 997}/{name}")
        # The Hub's own titles are names of repositories; one in ten was written by a person.
        title = " ".join(random.sample(_WORDS, 4)) if number % 10 == 0 else name
        authors = [
            Author.person(f"{random.choice(_FAMILY)}, {random.choice(_GIVEN)}")
            for _ in range(random.randint(1, 6))
        ]
        if number % 7 == 0:
            authors = [Author(f"Centre d'{title} & Co.", "organization")]
        created = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        yield Version(
            doi=Doi(f"10.5072/hf/{number:04d}"),
            repo=repo,
            revision=revision,
            title=f"{title} (Revision {revision[:7]})",
            authors=tuple(authors),
            publisher="Hugging Face",
            year=created.year,
            created=created,
            url=repo.url(),
            resource_type={"model": "Model", "dataset": "Dataset"}[repo.type],
            version=revision[:7],
            license="apache-2.0",
        )
