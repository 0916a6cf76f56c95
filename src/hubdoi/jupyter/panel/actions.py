"""What a person does in the front end, as messages of the form ``{do, by, …}``.

`by` names the view that sent it; `do` is one of

=========================================  ==================================================
``open {repo}``, ``load``, ``revalidate``  look at a repository, again, quietly
``retry``, ``stop``                        do again what failed; wait no longer
``withdraw {kind}``                        take back what an institution has not decided
``edit {form}``                            what is written
``mint {form, terms, revision}``           under the terms with that digest, for that revision
``correct``, ``uncorrect``                 fill the form with the registered record; leave it
``propose {form}``                         show what that form would change in the record
``amend {form, terms}``                    correct it under the terms with that digest
``cite {style}``                           the text of the citation in that style
``me {n}``, ``import {n, text | card}``    authors; answered
``lookup {n, kind, text}``                 people or organisations; answered
=========================================  ==================================================

An answer is ``{re, by, n, …}``, with what it answers in `re`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...bibliography.author_list import authors_of_card, read_authors
from ...bibliography.card import read_card
from ...records.errors import HubdoiError
from ...records.request import REQUESTS
from .draft import Draft
from .form import Form
from .work import PanelWork

Send = Callable[[Mapping[str, Any]], None]

_LONGEST = 500


def act(work: PanelWork, message: object, send: Send) -> None:
    """Do what `message` asks for; `send` takes the reply, if there is one.

    A message comes from a page: what cannot be read is ignored.
    """
    if not isinstance(message, Mapping):
        return
    do = message.get("do")
    if do == "open":
        if repo := _text(message, "repo"):
            work.open(repo)
    elif do == "load":
        work.load()
    elif do == "revalidate":
        work.revalidate()
    elif do == "retry":
        work.retry()
    elif do == "stop":
        work.stop_watching()
    elif do == "withdraw":
        if (kind := message.get("kind")) in REQUESTS:
            work.withdraw(kind)
    elif do == "edit":
        work.edit(Form.from_json(message.get("form")))
    elif do == "mint":
        _mint(work, message)
    elif do == "correct":
        work.correct()
    elif do == "uncorrect":
        work.stop_correcting()
    elif do == "propose":
        work.edit(Form.from_json(message.get("form")))
        work.propose()
    elif do == "amend":
        _amend(work, message)
    elif do == "cite":
        work.cite(_text(message, "style"))
    elif do == "me":
        work.on_thread(lambda: send(_reply(message, **_me(work))))
    elif do == "lookup":
        work.look_up(
            _text(message, "kind"),
            _text(message, "text"),
            lambda found, said: send(
                _reply(message, results=[one.to_json() for one in found], said=said)
            ),
        )
    elif do == "import":
        work.on_thread(lambda: send(_reply(message, **_imported(work, message))))


def _mint(work: PanelWork, message: Mapping[str, Any]) -> None:
    """Mint what the page showed: its terms and its revision are the ones that count here (R3)."""
    work.edit(Form.from_json(message.get("form")))
    terms, shown = work.state.terms, message.get("revision")
    if terms is None or message.get("terms") != terms.digest or shown != work.state.revision:
        work.ask_again()
        return
    work.begin()


def _amend(work: PanelWork, message: Mapping[str, Any]) -> None:
    """Correct the record as the page showed it: its difference is the one that counts here (R3)."""
    work.edit(Form.from_json(message.get("form")))
    correction = work.state.correction
    amendment = correction.amendment if correction else None
    if amendment is None or message.get("terms") != amendment.terms.digest:
        work.ask_again()
        return
    work.amend()


def _me(work: PanelWork) -> dict[str, Any]:
    draft, said = work.me()
    return {"authors": [draft.to_json()] if draft else [], "said": said}


def _imported(work: PanelWork, message: Mapping[str, Any]) -> dict[str, Any]:
    """The authors of the text, or of the repository's card; or why there are none."""
    status, text = work.state.status, message.get("text")
    try:
        if message.get("card") is True and status is not None:
            found = authors_of_card(read_card(work.client, status))
        else:
            found = read_authors(text if isinstance(text, str) else "")
    except HubdoiError as error:
        return {"authors": [], "said": error.message}
    return {"authors": [Draft.of(author).to_json() for author in found], "said": ""}


def _reply(message: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"re": message.get("do"), "by": message.get("by"), "n": message.get("n"), **more}


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    return value[:_LONGEST].strip() if isinstance(value, str) else ""
