import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress

import httpx
import pytest

from hubdoi.records.errors import SandboxError
from hubdoi.sandbox import Sandbox
from tests.ports import free_ports, taken

SERVE = "import sys; from hubdoi.sandbox.serve import serve; sys.exit(serve(data=sys.argv[1]))"


def serving(data, program=SERVE):
    return subprocess.Popen(
        [sys.executable, "-c", program, str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_one_line_when_ready_and_a_clean_end(tmp_path, name):
    child = serving(tmp_path)
    try:
        ready = json.loads(child.stdout.readline())
        assert set(ready) == {"endpoint", "datacite", "users", "datacite_repository"}
        assert ready["datacite"] == ready["endpoint"] + "/datacite"
        assert ready["endpoint"].startswith("http://127.0.0.1:")
        assert set(ready["users"]) == {"ada", "grace"}
        assert set(ready["datacite_repository"]) == {"username", "password", "api_key", "prefix"}
        headers = {"Authorization": f"Bearer {ready['users']['ada']}"}
        answer = httpx.get(f"{ready['endpoint']}/api/whoami-v2", headers=headers)
        assert answer.json()["name"] == "ada"
    finally:
        child.send_signal(name)
        out, err = child.communicate(timeout=90)
    assert child.returncode == 0
    assert out == ""
    assert err == ""


def test_a_second_one_on_the_same_directory(tmp_path):
    with Sandbox(tmp_path):
        child = serving(
            tmp_path,
            SERVE.replace("sys.exit(serve(data=sys.argv[1]))", "")
            + (
                "\nfrom hubdoi.records.errors import SandboxError"
                "\ntry: serve(data=sys.argv[1])"
                "\nexcept SandboxError as error: sys.exit(error.message)"
            ),
        )
        out, err = child.communicate(timeout=90)
    assert (child.returncode, out) == (1, "")
    assert str(tmp_path) in err
    assert "stop that one" in err


def test_a_killed_server_loses_no_commit(tmp_path):
    child = serving(tmp_path)
    acknowledged = []
    try:
        ready = json.loads(child.stdout.readline())
        headers = {"Authorization": f"Bearer {ready['users']['ada']}"}
        url = f"{ready['endpoint']}/api/models/ada/tiny-bert/commit/main"

        def push(number):
            with httpx.Client(headers=headers) as client:
                for step in range(1000):
                    body = [
                        {"key": "header", "value": {"summary": "m"}},
                        {"key": "file", "value": {"path": f"{number}-{step}", "content": "x"}},
                    ]
                    content = b"\n".join(json.dumps(line).encode() for line in body)
                    try:
                        acknowledged.append(client.post(url, content=content).json()["commitOid"])
                    except (httpx.HTTPError, ValueError, KeyError):
                        return

        threads = [threading.Thread(target=push, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 120
        while len(acknowledged) < 30 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    for thread in threads:
        thread.join()
    assert len(acknowledged) >= 30
    with Sandbox(tmp_path) as sandbox:
        assert sandbox.users == ready["users"]
        commits = {
            commit.commit_id for commit in sandbox.hf_api().list_repo_commits("ada/tiny-bert")
        }
        assert set(acknowledged) <= commits


def test_stop_and_start_again(tmp_path):
    sandbox = Sandbox(tmp_path)
    with pytest.raises(SandboxError, match="is not running"):
        _ = sandbox.endpoint
    sandbox.start()
    with pytest.raises(SandboxError, match="is already running"):
        sandbox.start()
    sandbox.hf_api().create_repo("ada/new")
    users = sandbox.users
    sandbox.stop()
    sandbox.stop()
    with sandbox:
        assert sandbox.users == users
        assert sandbox.hf_api().repo_exists("ada/new")


@pytest.mark.parametrize("temporary", [True, False])
def test_reset(tmp_path, temporary):
    with Sandbox(None if temporary else tmp_path) as sandbox:
        api, endpoint, users = sandbox.hf_api(), sandbox.endpoint, sandbox.users
        api.create_repo("ada/new")
        api.delete_repo("ada/tiny-bert")
        sandbox.reset()
        assert (sandbox.endpoint, sandbox.users) == (endpoint, users)
        assert not api.repo_exists("ada/new")
        assert api.repo_exists("ada/tiny-bert")
        data = sandbox.world.data
    assert data.exists() is not temporary


def test_nobody_gets_its_port_while_it_is_reset(sandbox):
    address = ("127.0.0.1", int(sandbox.endpoint.rpartition(":")[2]))
    is_over, got = threading.Event(), []

    def compete():
        while not is_over.is_set() and not got:
            with suppress(OSError):
                got.append(socket.create_server(address))

    thread = threading.Thread(target=compete)
    thread.start()
    try:
        sandbox.reset()
    finally:
        is_over.set()
        thread.join()
        for one in got:
            one.close()
    assert sandbox.hf_api().repo_exists("ada/tiny-bert")


def test_nothing_secret_in_the_repr():
    sandbox = Sandbox()
    assert repr(sandbox) == "Sandbox('stopped')"
    with sandbox:
        secrets = [
            *sandbox.users.values(),
            sandbox.support_token,
            sandbox.datacite_repository["password"],
        ]
        shown = repr(sandbox) + repr(sandbox.world) + repr(sandbox.world.credentials)
        shown += repr(vars(sandbox)) + repr(sandbox.world.store)
        assert sandbox.endpoint in shown
        assert not [secret for secret in secrets if secret in shown]


def test_it_comes_back_at_the_port_that_it_had(tmp_path):
    # No port that Linux gives to another test while nothing listens there.
    with Sandbox(tmp_path, port=free_ports(1)[0]) as first:
        endpoint = first.endpoint
    with Sandbox(tmp_path) as second:
        assert second.endpoint == endpoint
    with taken(endpoint), Sandbox(tmp_path) as elsewhere:
        assert elsewhere.endpoint != endpoint
        assert httpx.get(f"{elsewhere.endpoint}/api/models/ada/tiny-bert").status_code == 200


@pytest.mark.parametrize("noted", ["", "80", "-1", "65536", "9" * 5000, "²", "\ud800"])
def test_a_port_that_cannot_be_its_own_is_not_used(tmp_path, noted):
    with Sandbox(tmp_path):
        pass
    (tmp_path / "port").write_bytes(noted.encode("utf-8", "surrogatepass"))
    with Sandbox(tmp_path) as sandbox:
        assert int(sandbox.endpoint.rpartition(":")[2]) not in (80, 65536)


def test_a_port_that_is_taken(sandbox):
    port = int(sandbox.endpoint.rpartition(":")[2])
    with pytest.raises(SandboxError, match="choose another port"):
        Sandbox(port=port).start()
    with pytest.raises(SandboxError, match="choose another port"):
        Sandbox(port=99999).start()
    with pytest.raises(SandboxError, match="choose another port"):
        Sandbox(host="no-such-host.invalid").start()


def test_a_sandbox_that_did_not_start_leaves_nothing_behind(sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    other = Sandbox(port=int(sandbox.endpoint.rpartition(":")[2]))
    with pytest.raises(SandboxError), other:
        pass
    with pytest.raises(SandboxError, match="is not running"):
        _ = other.endpoint
    assert list(tmp_path.iterdir()) == []


def test_the_openapi_document_describes_the_doi_side_alone(sandbox):
    paths = httpx.get(f"{sandbox.endpoint}/openapi.json").json()["paths"]
    assert "/api/{kind}/{namespace}/{name}/doi" in paths
    assert not [path for path in paths if "commit" in path or "whoami" in path]


def test_it_listens_on_the_loopback_address_only(sandbox):
    assert sandbox.endpoint.startswith("http://127.0.0.1:")


def test_the_same_clock_gives_the_same_commits(demo):
    with Sandbox(clock="2026-11-23T09:00:00Z") as other:
        ids = []
        for sandbox in (demo, other):
            api = sandbox.hf_api()
            made = api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/tiny-bert")
            ids.append((made.oid, api.dataset_info("ada/notes").sha))
        assert ids[0] == ids[1]
        assert other.users != demo.users


def test_without_a_doi_api():
    with Sandbox(without_doi_api=True) as sandbox:
        url = f"{sandbox.endpoint}/api/models/ada/tiny-bert/doi"
        assert httpx.get(url).status_code == 404
        assert sandbox.hf_api().model_info("ada/tiny-bert").sha


def test_many_clients_at_once(sandbox):
    statuses = []

    def ask():
        with httpx.Client(base_url=sandbox.endpoint) as client:
            for path in (
                "/api/models",
                "/api/models/ada/tiny-bert",
                "/ada/tiny-bert/raw/main/config.json",
            ):
                statuses.append(client.get(path).status_code)

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 300


def test_cards_with_the_endpoint_in_the_environment(sandbox, tmp_path):
    """ModelCard and DatasetCard know no `endpoint`: they ask HF_ENDPOINT."""
    program = (
        "from huggingface_hub import DatasetCard, ModelCard, HfFileSystem\n"
        "card = ModelCard.load('ada/tiny-bert')\n"
        "assert card.data.license == 'apache-2.0'\n"
        "card.data.tags.append('more')\n"
        "card.validate()\n"
        "card.push_to_hub('ada/tiny-bert')\n"
        "again = ModelCard.load('ada/tiny-bert')\n"
        "assert 'more' in again.data.tags\n"
        "again.data.license = 'mit'\n"
        "print(again.push_to_hub('ada/tiny-bert', create_pr=True).pr_num)\n"
        "notes = DatasetCard.load('ada/notes')\n"
        "assert notes.data.license == 'cc-by-4.0'\n"
        "notes.push_to_hub('ada/notes')\n"
        "fs = HfFileSystem()\n"
        "assert fs.read_text('datasets/ada/notes/train.csv').startswith('note,text')\n"
        "assert 'ada/tiny-bert/config.json' in fs.ls('ada/tiny-bert', detail=False)\n"
    )
    environment = os.environ | {
        "HF_ENDPOINT": sandbox.endpoint,
        "HF_HOME": str(tmp_path),
        "HF_TOKEN": sandbox.users["ada"],
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1\n"
