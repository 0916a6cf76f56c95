from __future__ import annotations

import shlex

import pytest

from hubdoi.commands import Context, run
from hubdoi.records import History, Message, Offer, Status, Statuses, Terms, Version, errors
from hubdoi.sandbox import Sandbox
from tests.commands.agreeing import agreed


def push(context: Context, path: str = "config.json", content: bytes = b"{}") -> str:
    commit = context.session.client.hf_api().upload_file(
        path_or_fileobj=content, path_in_repo=path, repo_id="ada/tiny-bert"
    )
    return str(commit.oid)


def test_status_of_one_is_a_status(context: Context) -> None:
    status = run(["status", "ada/tiny-bert"], context)
    assert isinstance(status, Status)
    assert status.state == "unregistered"
    assert status.can_mint


def test_status_of_many_has_one_row_each_and_an_error_is_a_row(context: Context) -> None:
    rows = run(["status", "ada/tiny-bert", "datasets/ada/notes", "ada/nothing"], context)
    assert isinstance(rows, Statuses)
    assert [type(row).__name__ for row in rows] == ["Status", "Status", "RepoNotFound"]


def test_a_name_that_cannot_be_read_is_a_failing_row(context: Context) -> None:
    rows = run(["status", "ada/tiny-bert", "spaces/ada/x", "10.5072/hf/9999", "no one"], context)
    assert [type(row).__name__ for row in rows] == [
        "Status",
        "RepoNotEligible",
        "DoiNotFound",
        "InvalidRepo",
    ]
    assert "spaces/ada/x" in rows._repr_mimebundle_()["text/plain"]


def test_status_without_a_repository_says_what_to_write(context: Context) -> None:
    with pytest.raises(errors.UsageError, match="Name a repository"):
        run(["status"], context)


def test_r03_mint_without_agree_shows_the_terms_and_stops(
    context: Context, shown: list[object]
) -> None:
    with pytest.raises(errors.ConsentRequired, match="--agree") as refusal:
        run(["mint", "ada/tiny-bert"], context)
    (offer,) = shown
    assert isinstance(offer, Offer)
    assert refusal.value.terms == offer.terms
    assert context.session.client.status("ada/tiny-bert").state == "unregistered"


def test_r03_agree_mints_what_was_shown(context: Context, shown: list[object]) -> None:
    version = agreed(context, "mint", "ada/tiny-bert")
    assert str(version.doi) == "10.5072/hf/0001"
    (offer,) = shown
    assert isinstance(offer, Offer)
    assert (offer.version.revision, offer.version.title, offer.version.authors) == (
        version.revision,
        version.title,
        version.authors,
    )
    assert version.consent and version.consent.terms == offer.terms.digest
    plain = offer._repr_mimebundle_()["text/plain"]
    assert version.revision and version.revision[:7] in plain
    assert "Lovelace, Ada" in plain and "The DOI is permanent" in plain


@pytest.mark.parametrize("words", [["mint", "ada/tiny-bert", "--agree"], ["mint", "--agree", "ada/tiny-bert"]])  # fmt: skip
def test_r03_agree_to_what_was_not_shown_shows_it_and_mints_nothing(
    context: Context, shown: list[object], words: list[str]
) -> None:
    with pytest.raises(errors.ConsentRequired, match="had not been shown yet"):
        run(words, context)
    assert [type(value) for value in shown] == [Offer]
    assert context.session.client.status("ada/tiny-bert").state == "unregistered"
    assert isinstance(run(words, context), Version)


def test_r03_a_script_agrees_to_the_digest_that_it_names(
    context: Context, shown: list[object]
) -> None:
    with pytest.raises(errors.TermsChanged, match="not the terms that you agreed to"):
        run(["mint", "ada/tiny-bert", "--agree", "0" * 64], context)
    assert [type(value) for value in shown] == [Offer]
    digest = context.session.client.terms("ada/tiny-bert").digest
    version = run(["mint", "--agree", digest, "ada/tiny-bert"], context)
    assert version.consent.terms == digest


def test_r03_a_command_line_is_told_the_digest_and_the_revision(context: Context) -> None:
    context.lasting = False
    terms = context.session.client.terms("ada/tiny-bert")
    assert terms.shown and terms.shown.revision
    with pytest.raises(errors.ConsentRequired) as refusal:
        run(["mint", "ada/tiny-bert"], context)
    command = refusal.value.message.partition("run: %doi ")[2]
    assert terms.digest in command and terms.shown.revision[:12] in command
    push(context)
    version = run(command.split(), context)
    assert version.revision == terms.shown.revision


def test_r04_what_was_shown_is_registered_without_repeating_it(
    context: Context, shown: list[object]
) -> None:
    given = ["--author", "Hopper, Grace", "--author", 'O\'Neil, "Bo" $HOME', "--title", "A & B"]
    with pytest.raises(errors.ConsentRequired):
        run(["mint", "ada/tiny-bert", *given], context)
    version = run(["mint", "ada/tiny-bert", "--agree"], context)
    (offer,) = shown
    assert isinstance(offer, Offer)
    assert (version.title, version.authors) == (offer.version.title, offer.version.authors)
    body = {"authors": ["Hopper, Grace"], "title": "Notes on the engine"}
    with pytest.raises(errors.ConsentRequired):
        run(["mint", "datasets/ada/notes"], context, body=body)
    version = run(
        ["mint", "datasets/ada/notes", "--agree", "--description", "What it can do."], context
    )
    assert (version.name, version.description) == ("Notes on the engine", "What it can do.")
    assert [author.name for author in version.authors] == ["Hopper, Grace"]


def test_r04_a_command_line_repeats_what_was_shown(context: Context) -> None:
    context.lasting = False
    given = ["--author", "Hopper, Grace", "--author", 'O\'Neil, "Bo" $HOME', "--title", "A & B"]
    with pytest.raises(errors.ConsentRequired) as refusal:
        run(["mint", "ada/tiny-bert", *given], context)
    command = refusal.value.message.partition("run: %doi ")[2]
    version = run(shlex.split(command), context)
    assert version.name == "A & B"
    assert [author.name for author in version.authors] == ["Hopper, Grace", 'O\'Neil, "Bo" $HOME']


def test_r03_consent_is_for_one_repository(context: Context, shown: list[object]) -> None:
    with pytest.raises(errors.ConsentRequired):
        run(["mint", "ada/tiny-bert"], context)
    with pytest.raises(errors.ConsentRequired, match="had not been shown yet"):
        run(["mint", "datasets/ada/notes", "--agree"], context)
    assert len(shown) == 2


def test_r03_a_latest_commit_that_moved_is_shown_before_it_is_agreed_to(
    context: Context, shown: list[object]
) -> None:
    with pytest.raises(errors.ConsentRequired):
        run(["mint", "ada/tiny-bert"], context)
    head = push(context)
    with pytest.raises(errors.TermsChanged, match=f"its latest commit is now {head[:7]}"):
        run(["mint", "ada/tiny-bert", "--agree"], context)
    assert isinstance(shown[-1], Offer) and shown[-1].version.revision == head
    assert run(["mint", "ada/tiny-bert", "--agree"], context).revision == head


def test_r03_consent_is_of_one_person(context: Context) -> None:
    with pytest.raises(errors.ConsentRequired):
        run(["mint", "ada/tiny-bert"], context)
    context.session.use("sandbox", user="grace")
    context.session.use("sandbox", user="ada")
    with pytest.raises(errors.ConsentRequired, match="had not been shown yet"):
        run(["mint", "ada/tiny-bert", "--agree"], context)


def test_r03_a_failed_attempt_leaves_the_consent_to_what_was_shown(
    context: Context, shown: list[object]
) -> None:
    with pytest.raises(errors.ConsentRequired):
        run(["mint", "ada/tiny-bert"], context)
    with pytest.raises(errors.InvalidAuthor):
        run(["mint", "ada/tiny-bert", "--agree", "--author", "A <0000-0002-1825-0090>"], context)
    assert isinstance(run(["mint", "ada/tiny-bert", "--agree"], context), Version)
    assert len(shown) == 1


def test_r03_terms_that_changed_since_are_shown_and_nothing_is_minted(
    context: Context, shown: list[object], sandbox: Sandbox
) -> None:
    with pytest.raises(errors.ConsentRequired):
        run(["mint", "ada/tiny-bert"], context)
    (sandbox.world.data / "terms.txt").write_text("Other terms.", "utf-8")
    with pytest.raises(errors.TermsChanged):
        run(["mint", "ada/tiny-bert", "--agree"], context)
    assert isinstance(shown[-1], Offer) and shown[-1].terms == Terms("Other terms.")
    assert context.session.client.status("ada/tiny-bert").state == "unregistered"
    version = run(["mint", "ada/tiny-bert", "--agree"], context)
    assert version.consent.terms == Terms("Other terms.").digest


def test_r03_consent_is_not_remembered_for_the_next_doi(
    context: Context, shown: list[object]
) -> None:
    agreed(context, "mint", "ada/tiny-bert")
    push(context)
    with pytest.raises(errors.ConsentRequired):
        run(["regenerate", "ada/tiny-bert", "--agree"], context)
    assert len(shown) == 2


def test_r07_status_says_what_changed_and_regenerate_mints_the_next(context: Context) -> None:
    first = agreed(context, "mint", "ada/tiny-bert")
    head = push(context, "config.json", b'{"layers": 4}')
    status = run(["status", "ada/tiny-bert"], context)
    assert status.state == "behind"
    assert [file.path for file in status.changes.files] == ["config.json"]
    second = agreed(context, "regenerate", "ada/tiny-bert")
    assert second.revision == head
    assert second.previous == first.doi
    history = run(["history", "ada/tiny-bert"], context)
    assert isinstance(history, History)
    assert [version.state for version in history] == ["current", "outdated"]


def test_regenerate_without_a_doi_names_the_way(context: Context) -> None:
    with pytest.raises(errors.UsageError, match=r"%doi mint ada/tiny-bert"):
        run(["regenerate", "ada/tiny-bert"], context)


def test_r08_a_revision_that_has_one_is_refused_before_any_terms(
    context: Context, shown: list[object]
) -> None:
    version = agreed(context, "mint", "ada/tiny-bert")
    shown.clear()
    with pytest.raises(errors.AlreadyRegistered, match=r"10\.5072/hf/0001") as refusal:
        run(["mint", "ada/tiny-bert", "--agree"], context)
    assert shown == []
    assert refusal.value.version is not None
    assert refusal.value.version.doi == version.doi


def test_r02_who_cannot_write_is_told_so(context: Context) -> None:
    context.session.use("sandbox", user="grace")
    with pytest.raises(errors.WriteAccessRequired, match="write access"):
        run(["mint", "ada/tiny-bert", "--agree"], context)


def test_r01_a_private_repository_is_told_so(context: Context) -> None:
    context.session.use("sandbox", user="grace")
    with pytest.raises(errors.RepoNotEligible, match="private"):
        run(["mint", "grace/secret-model", "--agree"], context)


def test_r01_a_space_is_told_so(context: Context) -> None:
    with pytest.raises(errors.RepoNotEligible, match="Space"):
        run(["mint", "spaces/ada/demo", "--agree"], context)


def test_r05_authors_of_the_line_and_of_the_body(context: Context) -> None:
    author = "Hopper, Grace <0000-0002-1825-0097>"
    version = agreed(context, "mint", "ada/tiny-bert", "--author", author)
    assert [author.to_json() for author in version.authors] == [
        {"name": "Hopper, Grace", "type": "person", "given": "Grace", "family": "Hopper",
         "orcid": "0000-0002-1825-0097"}
    ]  # fmt: skip
    body = {
        "authors": [{"name": "Lovelace, Ada", "affiliation": "Analytical Engine"}],
        "title": "Notes on the engine",
        "description": "What it can do.",
    }
    version = agreed(context, "mint", "datasets/ada/notes", body=body)
    assert version.title == f"Notes on the engine (Revision {version.revision[:7]})"
    assert version.description == "What it can do."
    assert version.authors[0].affiliation == "Analytical Engine"


@pytest.mark.parametrize(
    "body",
    [
        {"agree": True},
        {"authors": "Ada"},
        {"authors": []},
        {"authors": [{"orcid": "0000-0002-1825-0097"}]},
        {"authors": [{"name": "Ada", "orcid": "0000-0002-1825-0098"}]},
        {"title": ["x"]},
        {"title": "a\x00b"},
        {"description": "x" * 30_000},
    ],
)
def test_a_body_that_cannot_be_used_mints_nothing(
    context: Context, body: dict[str, object]
) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        run(["mint", "ada/tiny-bert", "--agree"], context, body=body)
    assert "\n" not in refusal.value.message
    assert context.session.client.status("ada/tiny-bert").state == "unregistered"


def test_a_revision_can_be_named_by_its_beginning(context: Context) -> None:
    first = context.session.client.status("ada/tiny-bert").head
    assert first is not None
    push(context)
    version = agreed(context, "mint", "ada/tiny-bert", "--revision", first[:8])
    assert version.revision == first


def test_r10_request_reaches_support(context: Context, sandbox: Sandbox) -> None:
    agreed(context, "mint", "ada/tiny-bert")
    message = run(["request", "ada/tiny-bert", "delete", "--reason", "A wrong upload"], context)
    assert isinstance(message, Message)
    assert [request.reason for request in sandbox.world.support.requests()] == ["A wrong upload"]


def test_recover_has_nothing_to_do_where_the_hub_mints(context: Context) -> None:
    assert "Nothing was interrupted" in str(run(["recover"], context))


def test_r05_one_orcid_for_two_authors_is_refused_by_magic_and_client(context: Context) -> None:
    client = context.session.client
    authors = [
        f"{name} <https://orcid.org/0000-0002-1825-0097>" for name in ("Hopper, Grace", "King, Ada")
    ]
    wrong = "ORCID iD 0000-0002-1825-0097: Hopper, Grace and King, Ada"
    options = [word for author in authors for word in ("--author", author)]
    with pytest.raises(errors.InvalidAuthor, match=wrong):
        run(["mint", "ada/tiny-bert", "--agree", *options], context)
    with pytest.raises(errors.InvalidAuthor, match=wrong):
        run(["mint", "ada/tiny-bert", "--agree"], context, body={"authors": authors})
    with pytest.raises(errors.InvalidAuthor, match=wrong):
        client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"), authors=authors)
    assert len(client.history("ada/tiny-bert")) == 0
    agreed(context, "mint", "ada/tiny-bert")
    with pytest.raises(errors.InvalidAuthor, match=wrong):
        client.preview_amendment("ada/tiny-bert", authors=authors)
