from __future__ import annotations

import gzip
import http.server
import json
import re
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pypandoc
import pytest

import hubdoi.net.http
from hubdoi.citation import cite, pandoc, styles
from hubdoi.citation.styles import find_style
from hubdoi.records import Author, Doi, Repo, Version
from hubdoi.records.errors import InvalidInput, MissingLibrary, ServiceUnreachable, UnknownStyle

Make = Callable[..., Version]
TEN = ("apa", "ieee", "nature", "vancouver", "mla", "chicago", "harvard", "acm", "acl", "ama")


@pytest.fixture(scope="session")
def three(make: Make) -> list[Version]:
    return [
        make(1, authors=(Author.person("Lovelace, Ada"), Author.person("von Werra, Leandro"))),
        make(3, authors=(Author("Centre Aquitain des Technologies", "organization"),)),
        make(2, doi=None, authors=(Author("jeevan"), Author.person("Corrêa Jr., Nicholas"))),
    ]


@pytest.mark.parametrize("style", TEN)
def test_styled_text_is_what_pandoc_makes_of_the_csl_json(style: str, three: list[Version]) -> None:
    versions = [*three[:2], three[2].replace(doi=Doi("10.5072/hf/0002"))]
    own = pypandoc.convert_text(
        str(cite(versions, "csl-json")),
        "plain",
        format="csljson",
        extra_args=[
            "--citeproc",
            f"--csl={find_style(style)}",
            "--wrap=none",
            # This one is British, and declares it nowhere but in its own words.
            *(["--metadata=lang=en-GB"] if style == "harvard" else []),
        ],
    )
    # As APA writes it; CSL's locales have one word.
    expected = own.replace("[Dataset]", "[Data set]").strip().replace("\r\n", "\n")
    assert str(cite(versions, style=style)) == expected


def test_a_reference_has_its_link_also_where_a_style_prints_only_that_of_pages(
    three: list[Version],
) -> None:
    links = {
        "https://doi.org/10.5072/hf/0001",
        "https://doi.org/10.5072/hf/0003",
        three[2].landing_url,
    }
    # The DOI and the publisher; the URL in place of the DOI; the URL of what is called a web page.
    for style, before in (
        ("apa", ""),
        ("iso690-author-date-en", "Available from: "),
        ("ieee-transactions-on-medical-imaging", "Available: "),
    ):
        cited = cite(three, style=style)
        for link in links:
            said = link.removeprefix("https://doi.org/") if style.startswith("iso690") else link
            assert str(cited).count(said) == 1, style
        assert f"{before}https://doi.org/10.5072/hf/0003" in str(cited)
        assert not any("leaves out" in note for note in cited.notes)
        assert "10.5072/hf/0003" in str(cited.html)
        marked = cite(three, "markdown", style=style)
        assert all(link.rpartition("/")[2] in str(marked) for link in links)
    nature = str(cite(three[2], style="nature"))
    assert str(three[2].landing_url) in nature


def test_a_style_that_has_no_place_for_a_link_is_said_so(three: list[Version]) -> None:
    one, many = cite(three[0], style="acl"), cite(three, style="acl")
    assert "10.5072" not in str(one)
    assert one.notes == (
        "The style acl leaves out 10.5072/hf/0001; write it after the reference, or choose another style.",
    )
    assert many.notes[-1] == (
        "The style acl leaves out the links of 3 works; write them after the references, or choose another style."
    )


def test_a_style_has_the_quotation_marks_of_its_country(three: list[Version]) -> None:
    assert "‘tiny-bert_1 (Revision 0000001)’. Hugging Face" in str(cite(three, style="harvard"))
    american = str(cite(three, style="harvard", locale="en-US"))
    assert "“tiny-bert_1 (Revision 0000001).” Hugging Face" in american


def test_names_and_versions_come_out_right(make: Make, three: list[Version]) -> None:
    apa = str(cite(three, style="apa"))
    assert "Lovelace, A., & von Werra, L. (2026). tiny-bert_1 (Revision 0000001)" in apa
    assert "Centre Aquitain des Technologies. (2026)." in apa
    assert "jeevan, & Corrêa, N., Jr. (2026)." in apa
    assert apa.count("0000001") == 1, "the revision is in the title already"
    assert "https://doi.org/10.5072/hf/0001" in apa
    assert "tiny (Version 1.2) [" in str(cite(make(1, title="tiny", version="1.2"), style="apa"))
    # A name is no sentence: styles that capitalise titles leave it as it is.
    gpt = make(9, repo=Repo("model", "openai/gpt-oss"), title="gpt-oss (Revision 0000009)")
    assert "gpt-oss (Revision 0000009)" in str(cite(gpt, style="mla"))
    assert "gpt-oss (Revision 0000009)" in str(cite(gpt, style="chicago"))


def test_a_list_of_any_length_is_one_process(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    run = subprocess.run

    def counted(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        started.append(command)
        return run(command, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "run", counted)
    versions = [make(number) for number in range(500, 700)]
    citation = cite(versions, style="ieee")
    assert str(citation).count("10.5072/hf/") == 200
    assert len(started) == 1
    assert "--sandbox" in started[0]
    cite(versions, style="ieee")
    assert len(started) == 1, "the same list again costs nothing"


def test_in_text_citations(three: list[Version]) -> None:
    assert cite(three[0]).in_text == "(Lovelace & von Werra, 2026)"
    assert cite(three[0], style="apa").in_text == "(Lovelace & von Werra, 2026)"
    assert cite(three[0], style="ieee").in_text == "[1]"
    assert cite(three[:2], style="ieee").in_text == "[1], [2]"
    assert cite(three[0], style="chicago-notes").in_text.startswith(
        "Ada Lovelace and Leandro von Werra"
    )
    assert cite([]).in_text == ""


def test_a_style_that_has_only_notes_gives_the_notes(three: list[Version]) -> None:
    notes = str(cite(three, style="chicago-notes")).split("\n\n")
    assert len(notes) == 3
    assert notes[0].startswith("Ada Lovelace and Leandro von Werra, tiny-bert_1")


def test_locale_html_and_markdown(three: list[Version]) -> None:
    french = cite(three[1], style="apa", locale="fr-FR")
    assert "Jeu de données" in str(french)
    assert cite(three[0]).html is None
    html = cite(three[0], style="apa").html
    assert html is not None and "<em>tiny-bert_1" in html
    markdown = cite(three[0], "markdown", style="apa")
    assert "*tiny-bert_1" in str(markdown) and markdown.media_type == "text/markdown"
    with pytest.raises(InvalidInput, match="locale"):
        cite(three[0], style="apa", locale="../de")


def test_metadata_of_a_stranger_is_inert(make: Make) -> None:
    evil = make(
        1,
        title='<i>x</i><span class="nocase">n</span> <script>alert(1)</script> [l](javascript:a) $m$',
        authors=(Author.person("<b>Bold</b>, \\input{x}"), Author("{{x}} @evil", "organization")),
    )
    for style in ("apa", "mla", "chicago-notes"):
        citation = cite(evil, style=style)
        assert "<i>x</i><span" in str(citation) and "\u2060" not in str(citation)
        html = citation.html
        assert html is not None
        assert "<script" not in html and "<i>x</i>" not in html and "<b>" not in html
        markdown = str(cite(evil, "markdown", style=style))
        assert "<script" not in markdown.replace("\\<", "")


def test_styles_are_offered_and_found() -> None:
    names = styles()
    assert names[:3] == ("apa", "ieee", "nature")
    assert len(names) > 2500 and len(set(names)) == len(names)
    for name in TEN:
        assert find_style(name).suffix == ".csl"
    assert find_style("Nature Methods") == find_style("nature"), "a dependent style"
    for alias in ("neurips", "icml", "lncs", "nlm", "cse", "elsevier", "mhra", "iso690"):
        assert find_style(alias).is_file()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("chicago-fullnote-bibliography", "chicago-notes-bibliography"),
        ("turabian-fullnote-bibliography", "chicago-notes-bibliography-subsequent-author-title"),
        ("harvard1", "harvard-cite-them-right"),
        ("council-of-science-editors", "cse-citation-sequence"),
        # These name another style, whose rules they follow.
        ("nature-physics", "nature"),
        ("plos-one", "plos"),
        ("jama", "american-medical-association"),
    ],
)
def test_a_style_is_found_by_its_former_name_and_by_that_of_a_journal(name: str, stem: str) -> None:
    assert find_style(name).stem.startswith(stem)


def test_the_styles_are_not_those_of_2023() -> None:
    newest = re.search("<updated>([^<]+)", find_style("apa").read_text(encoding="utf-8"))
    assert newest is not None and newest[1] > "2026"


def test_a_path_serves_as_a_style(tmp_path: Path, three: list[Version]) -> None:
    own = tmp_path / "own.csl"
    own.write_text(find_style("apa").read_text(encoding="utf-8"), encoding="utf-8")
    assert str(cite(three, style=str(own))) == str(cite(three, style="apa"))


@pytest.mark.parametrize(
    "content",
    [
        "<html></html>",
        '<!DOCTYPE x [<!ENTITY a "b">]><style xmlns="http://purl.org/net/xbiblio/csl"/>',
        '<style xmlns="http://purl.org/net/xbiblio/csl"><info><link rel="independent-parent" '
        'href="http://example.org/styles/never-heard-of"/></info></style>',
    ],
)
def test_what_is_no_style_is_refused(tmp_path: Path, version: Version, content: str) -> None:
    path = tmp_path / "bad.csl"
    path.write_text(content)
    with pytest.raises(UnknownStyle):
        cite(version, style=str(path))


def test_a_style_that_pandoc_cannot_use_is_said(tmp_path: Path, version: Version) -> None:
    path = tmp_path / "broken.csl"
    path.write_text('<style xmlns="http://purl.org/net/xbiblio/csl" class="in-text"><macro')
    with pytest.raises(InvalidInput, match="broken"):
        cite(version, style=str(path))


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("aap", "apa"),
        ("/no/such/file.csl", "path"),
        ("http://example.org/x.csl", "https"),
        ("file:///etc/passwd", "https"),
    ],
)
def test_an_unknown_style_is_said_with_a_way_out(version: Version, style: str, said: str) -> None:
    with pytest.raises(UnknownStyle, match=said):
        cite(version, style=style)


class Styles(http.server.BaseHTTPRequestHandler):
    """What a server of styles may answer, the wrong things too."""

    left = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/away.csl":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/own.csl")  # type: ignore[attr-defined]
            self.end_headers()
            return
        bodies = {
            "/own.csl": find_style("apa").read_bytes(),
            "/page.csl": b"<html>not a style</html>",
            "/large.csl": b"x" * 3_000_000,
            "/binary.csl": b"\xff\xfe\x00",
        }
        if self.path == "/twice.csl":
            bodies[self.path] = gzip.compress(gzip.compress(bodies["/own.csl"]))
        body = bodies.get(self.path)
        self.send_response(200 if body else 404)
        if self.path == "/twice.csl":
            self.send_header("Content-Encoding", "gzip, gzip")
        if self.path == "/slow.csl":
            with suppress(OSError):
                for n in count():
                    self.wfile.write(b"X-%d: x\r\n" % n)
                    self.left.wait(0.02)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on this machine with a certificate of its own, which this process trusts."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Styles)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_address_serves_as_a_style(https: str, three: list[Version]) -> None:
    assert str(cite(three, style=f"{https}/own.csl")) == str(cite(three, style="apa"))


@pytest.mark.parametrize("name", ["page.csl", "large.csl", "binary.csl", "none.csl", "twice.csl"])
def test_what_an_address_answers_is_looked_at_first(
    https: str, version: Version, name: str
) -> None:
    with pytest.raises(UnknownStyle):
        cite(version, style=f"{https}/{name}")


def test_a_style_is_fetched_over_https_only(https: str, version: Version) -> None:
    with pytest.raises(UnknownStyle, match="redirects to a URL that is not https"):
        cite(version, style=f"{https}/away.csl")
    with pytest.raises(ServiceUnreachable, match="could not be fetched"):
        cite(version, style="https://127.0.0.1:1/own.csl")


def test_a_style_that_comes_without_an_end_is_given_up(
    https: str, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each read is in time: only the deadline of the whole can end this.
    monkeypatch.setattr(hubdoi.net.http, "LONGEST_OPERATION", 0.6)
    with pytest.raises(ServiceUnreachable, match="could not be fetched"):
        cite(version, style=f"{https}/slow.csl")


def test_without_pandoc_the_message_says_what_to_install(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYPANDOC_PANDOC", "/nowhere/pandoc")
    pandoc._run.cache_clear()
    with pytest.raises(MissingLibrary, match="hubdoi\\[styles\\]"):
        cite(version, style="apa")
    assert "@misc" in str(cite(version))


def work(number: int, *people: tuple[str, str]) -> dict[str, object]:
    return {
        "id": f"work-{number}",
        "type": "dataset",
        "title": f"Work {number}",
        "issued": {"date-parts": [[2026]]},
        "author": [{"family": family, "given": given} for family, given in people],
    }


ADA, ANNA, BOB = ("Smith", "Ada"), ("Smith", "Anna"), ("Jones", "Bob")


@pytest.mark.parametrize("style", ["apa", "chicago-author-date", "modern-language-association"])
@pytest.mark.parametrize(
    ("works", "decide"),
    [
        ([(ADA,), (ADA,)], False),
        ([(ADA,), (BOB,)], False),
        ([(ADA,), (ANNA,)], True),
        ([(ADA, BOB), (ADA, ("Jones", "Bea"))], True),
        ([(ADA, BOB), (BOB, ADA), (ADA, BOB)], False),
    ],
)
def test_given_names_are_tried_only_where_they_tell_works_apart(
    style: str, works: list[tuple[tuple[str, str], ...]], decide: bool
) -> None:
    items = [work(number, *people) for number, people in enumerate(works)]
    path = find_style(style)
    assert pandoc._given_names_decide(items) is decide
    tried = pandoc._run(json.dumps(items), "csljson", "plain", str(path), "en-US")
    assert pandoc.bibliography(items, path, "en-US", "plain") == tried


@pytest.mark.parametrize("style", ["apa", "nature", "harvard-cite-them-right", "vancouver"])
def test_an_east_asian_given_name_is_no_initial(make: Make, style: str) -> None:
    people = ["山田, 太郎", "김, 철수", "Иванов, Иван"]
    text = str(cite(make(1, authors=[Author.person(name) for name in people]), style=style))
    assert "山田太郎" in text and "山田太郎." not in text and "Иванов" in text
