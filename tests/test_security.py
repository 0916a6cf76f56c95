"""What SECURITY.md promises."""

from __future__ import annotations

import ast
import functools
import json
import logging
import os
import re
import socket
import stat
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import nbformat
import psutil
import pytest
from huggingface_hub import HfApi
from nbclient import NotebookClient

import hubdoi
from hubdoi.client import Client
from hubdoi.commands.session import Session
from hubdoi.config import Config, Secret
from hubdoi.net.http import Http
from hubdoi.records.errors import HubdoiError, InsecureEndpoint, InvalidInput
from hubdoi.sandbox import Sandbox

SOURCE = Path(hubdoi.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
MODEL = "/api/models/ada/tiny-bert/doi"


def secrets_of(sandbox: Sandbox) -> list[str]:
    """Every secret that the sandbox has."""
    key = sandbox.world.credentials.session_key
    account = sandbox.datacite_repository["password"]
    return [*sandbox.users.values(), sandbox.support_token, account, key.hex()]


def files_with(secrets: list[str], *folders: Path) -> set[str]:
    """The files under `folders` that hold the bytes of a secret."""
    return {
        path.name
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and any(s.encode() in path.read_bytes() for s in secrets)
    }


# No secret where somebody could read it

CELLS = (
    "%load_ext hubdoi",
    "%doi use sandbox",
    "%doi",
    "%doi status ada/tiny-bert",
    "%doi mint ada/tiny-bert",
    "minted = %doi mint ada/tiny-bert --agree",
    "minted",
    "%doi cite ada/tiny-bert",
    "%doi history ada/tiny-bert",
    "%doi nonsense",
    "%doi status ada/no-such-repository",
    "%doi mint grace/secret-model --agree",
    "import hubdoi.commands.session as s\nsession = s.current()\nsession.client, session.client.config, session.config(), vars(session)",
    "from hubdoi import hf_api\ntry:\n    hf_api().whoami(token='hf_wrong')\nexcept Exception as error:\n    print(repr(error))",
    "from hubdoi import Client\nClient(session.client.endpoint, 'hf_wrong').status('ada/tiny-bert')",
    "import hubdoi\nhubdoi.panel('ada/tiny-bert')",
    "import json, logging\nlogging.getLogger().handlers, %doi sandbox url",
)


def test_no_secret_in_an_executed_notebook_or_a_file(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, folder in (("HOME", "home"), ("HUBDOI_CACHE", "cache"), ("HUBDOI_DATA", "data"), ("IPYTHONDIR", "ipython")):  # fmt: skip
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(sandbox.world.data))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])

    NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute()

    written = nbformat.writes(notebook)
    (tmp_path / "executed.ipynb").write_text(written, encoding="utf-8")
    outputs = json.dumps([cell.outputs for cell in notebook.cells])
    # The notebook did what it was made to do.
    assert "10.5072/hf/0001" in outputs
    secrets = secrets_of(sandbox)
    assert len(secrets) == 5 and all(len(secret) >= 32 for secret in secrets)
    assert files_with(secrets, tmp_path) == set()
    assert files_with(secrets, sandbox.world.data) == {"credentials.json"}


def test_no_secret_in_an_exception_log_or_repr(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    token = sandbox.users["grace"]
    client = Client(
        sandbox.endpoint,
        token,
        datacite_repository="SANDBOX.HF",
        datacite_password=sandbox.datacite_repository["password"],
        datacite_prefix="10.5072",
        datacite_api=sandbox.datacite_url,
    )
    said = [repr(client), repr(client.config), str(client.config), repr(client.config.token)]
    said += [repr(Http(sandbox.endpoint, token=Secret(token)))]
    for ask in (
        lambda: client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert")),
        lambda: client.status("ada/nothing"),
        lambda: client.resolve("10.5072/hf/9999"),
        lambda: Client(sandbox.endpoint, f"{token}x").whoami(),
        lambda: Client("http://hub.example.org", token),
        lambda: Config.resolve({"endpoint": sandbox.endpoint, "token": token, "nonsense": 1}),
        lambda: Client(sandbox.endpoint, token, registrar="nonsense"),
    ):
        with pytest.raises(HubdoiError) as caught:
            ask()
        error = caught.value
        said += [repr(error), str(error), error.message]
        said += traceback.format_exception(error)
    printed = capsys.readouterr()
    said += [caplog.text, printed.out, printed.err]
    assert not [text for text in said for secret in secrets_of(sandbox) if secret in text]


def test_a_secret_is_not_pickled_compared_by_text_or_shown() -> None:
    secret = Secret("hf_very-secret")
    assert "hf_very" not in f"{secret} {secret!r} {[secret]} {(secret,)}"
    with pytest.raises(TypeError):
        secret.__reduce__()
    assert secret != "hf_very-secret"


def test_credentials_do_not_travel_unencrypted() -> None:
    for address in ("http://hub.example.org", "http://127.0.0.1.example.org", "http://10.0.0.7"):
        with pytest.raises(InsecureEndpoint):
            Config.resolve({"endpoint": address, "token": "hf_x"}, environ={})
    with pytest.raises(InvalidInput):
        Config.resolve({"endpoint": "https://ada:hf_x@hub.example.org"}, environ={})


def test_a_stored_token_goes_to_its_own_hub_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("hf_stored-token")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "token"))
    elsewhere = Config.resolve({"endpoint": "https://hub.example.org"}, environ={})
    assert elsewhere.token is None


def test_no_secret_on_the_sandboxs_pages_and_errors(sandbox: Sandbox) -> None:
    secrets = secrets_of(sandbox)
    headers = {"Authorization": f"Bearer {sandbox.users['ada']}"}
    with httpx.Client(base_url=sandbox.endpoint, headers=headers) as http:
        for path in ("/", "/ada/tiny-bert", "/ada/tiny-bert/settings", "/nothing", "/api/whoami-v2", MODEL, "/openapi.json", "/api/models"):  # fmt: skip
            answer = http.get(path)
            assert answer.status_code < 500
            assert not [s for s in secrets if s in answer.text + str(answer.headers)]
        answer = http.post(MODEL, content=sandbox.users["ada"])
        assert answer.status_code == 400 and not [s for s in secrets if s in answer.text]


# Who sits on the same machine


def test_files_with_secrets_are_their_owners_alone(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBDOI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HUBDOI_DATA", str(tmp_path / "data"))
    from hubdoi.minting.user_ledger import open_user_ledger
    from hubdoi.net.cache import AnswerCache

    AnswerCache().remember("https://hub.example.org/x", {"a": 1})
    open_user_ledger("https://huggingface.co", hub="huggingface.co")
    before = os.umask(0)
    try:
        open_user_ledger("https://other.example.org", hub="other", register="api.test.example.org")
    finally:
        os.umask(before)
    found = [
        *sandbox.world.data.glob("credentials.json"),
        *sandbox.world.data.glob("sandbox.db*"),
        *sandbox.world.data.glob("running.json"),
        *(tmp_path / "cache").glob("answers.db*"),
        *(tmp_path / "data").glob("ledger*.db*"),
    ]
    assert len(found) >= 6
    assert {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in found} == {
        path.name: 0 for path in found
    }
    assert stat.S_IMODE(sandbox.world.data.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) & 0o077 == 0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    command = [sys.executable, "-m", "hubdoi", "sandbox", "serve", "--data", str(tmp_path / "s")]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=120)


def test_the_sandbox_listens_on_loopback_alone(
    served: tuple[subprocess.Popen[str], dict[str, object]],
) -> None:
    process, said = served
    listening = [
        c.laddr
        for c in psutil.Process(process.pid).net_connections(kind="inet")
        if c.status == psutil.CONN_LISTEN
    ]
    assert [address.ip for address in listening] == ["127.0.0.1"]
    assert urlsplit(str(said["endpoint"])).port == listening[0].port
    # Its tokens are on no command line that others can list.
    arguments = " ".join(psutil.Process(process.pid).cmdline())
    users = said["users"]
    assert isinstance(users, dict) and not [t for t in users.values() if t in arguments]


@pytest.mark.parametrize("host", ["evil.example.org", "127.0.0.1.evil.example.org", "localhost.evil.example.org", ""])  # fmt: skip
def test_a_foreign_host_is_refused(sandbox: Sandbox, host: str) -> None:
    parts = urlsplit(sandbox.endpoint)
    token = sandbox.users["ada"]
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        lines = f"GET {MODEL} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        connection.sendall(lines.encode())
        answer = connection.makefile("rb").read()
    assert re.match(rb"HTTP/1.1 4(21|00) ", answer)
    assert b"terms" not in answer


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_mint(sandbox: Sandbox, headers: dict[str, str]) -> None:
    url = sandbox.endpoint + MODEL
    who = {"Authorization": f"Bearer {sandbox.users['ada']}"}
    digest = httpx.get(url, headers=who).json()["terms"]["digest"]
    answer = httpx.post(url, headers=who | headers, json={"agree": True, "terms": digest})
    assert answer.status_code == 403
    assert httpx.get(url, headers=who).json()["state"] == "unregistered"


def test_the_settings_page_mints_only_with_its_own_token(sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.endpoint, follow_redirects=True) as browser:
        form = browser.get("/login").text
        fields = dict(re.findall(r'name="([^"]+)" (?:type="hidden" )?value="([^"]*)"', form))
        signed_in = browser.post("/login", data={**fields, "token": sandbox.users["ada"]})
        assert signed_in.status_code == 200
        settings = browser.get("/ada/tiny-bert/settings")
        assert settings.status_code == 200 and 'name="csrf"' in settings.text
        digest = sandbox.world.registrar.terms.digest
        actions = set(re.findall(r'action="([^"]+)"', settings.text))
        assert actions
        for action in actions:
            for csrf in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
                refused = browser.post(action, data={"agree": "on", "terms": digest, **csrf})
                assert refused.status_code == 403, (action, csrf)
    assert sandbox.hf_api("ada").model_info("ada/tiny-bert").tags
    assert httpx.get(sandbox.endpoint + MODEL).json()["state"] == "unregistered"


@pytest.mark.parametrize(
    "path",
    ["../escape", "a/../../escape", "/etc/passwd", "..\\escape", "C:\\escape", "a/./b", ".git/config", "a//b", "a\x00b", "."],
)  # fmt: skip
def test_paths_of_files_cannot_leave_the_repository(sandbox: Sandbox, path: str) -> None:
    lines = [
        {"key": "header", "value": {"summary": "x"}},
        {"key": "file", "value": {"path": path, "content": "eA==", "encoding": "base64"}},
    ]
    answer = httpx.post(
        f"{sandbox.endpoint}/api/models/ada/tiny-bert/commit/main",
        headers={
            "Authorization": f"Bearer {sandbox.users['ada']}",
            "Content-Type": "application/x-ndjson",
        },
        content="\n".join(map(json.dumps, lines)),
    )
    assert 400 <= answer.status_code < 500
    files = HfApi(endpoint=sandbox.endpoint, token=False).list_repo_files("ada/tiny-bert")
    assert sorted(files) == [".gitattributes", "README.md", "config.json", "model.safetensors"]


def test_bodies_are_bounded(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {sandbox.users['ada']}"}
    for path in (MODEL, "/login", "/api/repos/create", "/datacite/dois"):
        answer = httpx.post(sandbox.endpoint + path, headers=headers, content=b"x" * 2**21)
        assert answer.status_code == 413, path
    deep = httpx.post(sandbox.endpoint + MODEL, headers=headers, content=b"[" * 10**5)
    assert deep.status_code == 400


# What the source does not do


@functools.cache
def trees() -> list[tuple[Path, ast.Module]]:
    assert len(MODULES) > 100
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES]


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def test_the_source_runs_no_strings_and_no_shell() -> None:
    forbidden = re.compile(
        r"(builtins\.)?(eval|exec|compile|__import__)|os\.(system|popen|exec\w*|spawn\w*)"
        r"|subprocess\.(getoutput|getstatusoutput)|pickle\.\w+|marshal\.\w+|shelve\.\w+"
    )
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                if forbidden.fullmatch(called(node)):
                    found.append(f"{path.name}: {called(node)}")
                found += [
                    f"{path.name}: shell"
                    for keyword in node.keywords
                    if keyword.arg == "shell"
                    and re.match(r"subprocess\.|Popen", called(node))
                    and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
                ]
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name.partition(".")[0] for alias in node.names}
                names.add((getattr(node, "module", "") or "").partition(".")[0])
                found += [f"{path.name}: {n}" for n in names & {"pickle", "marshal", "shelve"}]
    assert found == []


def test_yaml_is_read_and_written_in_one_place() -> None:
    found = [
        path.name
        for path, tree in trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(a.name == "yaml" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "yaml")
    ]
    assert found == ["yaml_text.py"]


def test_files_of_a_person_are_read_in_one_place() -> None:
    # The data directories of the sandbox and the gateway are checked before anything is read.
    own = {"sandbox", "gateway", "regular_file.py"}
    # Files of the installation, and the one that Jupyter's server names in the environment.
    known = {"styles.py": 1, "server_sandbox.py": 1}
    found: Counter[str] = Counter()
    for path, tree in trees():
        for node in ast.walk(tree):
            is_read = isinstance(node, ast.Attribute) and node.attr in ("read_text", "read_bytes")
            if is_read and not own & {*path.parts}:
                assert isinstance(node, ast.Attribute)
                # What `importlib.resources.files` finds is a part of the package.
                found[path.name] += "files(" not in ast.unparse(node)
    assert +found == Counter(known)


def test_secrets_are_compared_in_constant_time() -> None:
    # A name that is compared with another name; `None`, '' and numbers are no secrets.
    secret = re.compile(r"(?i)(token|password|csrf|signature|session_key|secret)$")
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Compare):
                continue
            if not any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops):
                continue
            sides = [node.left, *node.comparators]
            named = [s for s in sides if isinstance(s, ast.Name | ast.Attribute)]
            if len(named) == len(sides) and any(secret.search(ast.unparse(s)) for s in named):
                found.append(f"{path.relative_to(SOURCE)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


def test_no_session_keeps_its_token_in_sight(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(sandbox.world.data))
    session = Session()
    backend = session.use("sandbox")
    shown = f"{backend!r} {vars(session)!r} {session.client.config!r}"
    assert backend.person is not None and backend.person.username == "ada"
    assert not [secret for secret in secrets_of(sandbox) if secret in shown]


ROOT = Path(__file__).parent.parent


def test_every_promise_names_tests_that_there_are() -> None:
    page = (ROOT / "SECURITY.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", page, re.M)[1:]
    assert len(rows) > 20
    for promise, named in rows:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", named)
        assert tests and len(tests) == named.count("::"), promise
        for path, name in tests:
            assert f"def {name}(" in (ROOT / path).read_text("utf-8"), f"{path}::{name}"


def test_a_workflow_would_be_audited() -> None:
    workflows = [*(ROOT / ".github").glob("workflows/*.y*ml")]
    assert not workflows or "zizmor" in (ROOT / "Makefile").read_text("utf-8")


def test_what_bandit_finds_is_excused_with_a_reason() -> None:
    for path, _ in trees():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if "# nosec" in line:
                assert re.search(r"# nosec B\d{3}", line), f"{path}:{number}"
