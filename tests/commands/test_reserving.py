from __future__ import annotations

from hubdoi.commands import Context, run
from hubdoi.records import Message
from hubdoi.records.reservation import Reservation
from tests.commands.agreeing import agreed


def test_a_reserved_doi_is_shown_minted_or_given_up(context: Context) -> None:
    reserved = run(["reserve", "ada/tiny-bert"], context)
    assert isinstance(reserved, Reservation)
    assert "not yet public" in reserved._repr_mimebundle_()["text/plain"].lower()
    shown = run(["status", "ada/tiny-bert"], context)._repr_mimebundle_()["text/plain"]
    assert str(reserved.doi) in shown
    released = run(["reserve", "ada/tiny-bert", "--release"], context)
    assert isinstance(released, Message) and str(reserved.doi) in released.text
    again = run(["reserve", "ada/tiny-bert"], context)
    offer = context.session.client.offer("ada/tiny-bert")
    assert offer.reserved == again.doi, "what is read before the consent names the DOI"
    assert str(again.doi) in offer._repr_mimebundle_()["text/plain"]
    version = agreed(context, "mint", "ada/tiny-bert")
    assert version.doi == again.doi


def test_a_citation_names_the_doi_that_is_reserved(context: Context) -> None:
    reserved = run(["reserve", "ada/tiny-bert"], context)
    citation = run(["cite", "ada/tiny-bert"], context)
    assert any(str(reserved.doi) in note for note in citation.notes)
    assert str(reserved.doi) not in str(citation)
    run(["reserve", "ada/tiny-bert", "--release"], context)
    assert not any(
        str(reserved.doi) in note for note in run(["cite", "ada/tiny-bert"], context).notes
    )
