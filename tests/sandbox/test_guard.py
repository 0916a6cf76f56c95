import socket

import httpx
import pytest

from hubdoi.sandbox.guard import MAX_COMMIT_BYTES, MAX_JSON_BYTES, own_hosts

BERT = "ada/tiny-bert"


def port_of(demo):
    return demo.endpoint.rpartition(":")[2]


def test_its_own_names(demo):
    for host in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
        answer = httpx.get(
            f"{demo.endpoint}/api/models", headers={"Host": f"{host}:{port_of(demo)}"}
        )
        assert answer.status_code == 200, host


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "localhost.:{port}",
        "testserver",
        "10.0.0.1:{port}",
        "",
    ],
)
def test_a_foreign_host_is_refused(demo, host):
    headers = {
        "Host": host.format(port=port_of(demo)),
        "Authorization": f"Bearer {demo.users['ada']}",
    }
    for method, path in (("GET", "/api/whoami-v2"), ("POST", f"/api/models/{BERT}/doi")):
        answer = httpx.request(method, demo.endpoint + path, headers=headers)
        assert answer.status_code == 421
        assert "Host header" in answer.json()["error"]


def test_hosts_of_other_ways_to_listen():
    assert own_hosts("127.0.0.1", 80) >= {"127.0.0.1", "127.0.0.1:80", "localhost"}
    assert "127.0.0.1" not in own_hosts("127.0.0.1", 8080)
    assert "[fe80::1]:8080" in own_hosts("fe80::1", 8080)
    assert f"{socket.gethostname().lower()}:8080" in own_hosts("0.0.0.0", 8080)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://[not-an-address"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
    ],
)
def test_another_site_cannot_post(demo, http, headers):
    headers = {name: value.format(port=port_of(demo)) for name, value in headers.items()}
    for method, path in (
        ("POST", "/api/repos/create"),
        ("DELETE", "/api/repos/delete"),
        ("PUT", f"/api/models/{BERT}/settings"),
        ("POST", f"/api/models/{BERT}/doi"),
    ):
        answer = http(method, path, headers=headers, json={"name": "tiny-bert", "agree": True})
        assert answer.status_code == 403, path
    assert http("GET", f"/api/models/{BERT}").status_code == 200
    assert http("GET", f"/api/models/{BERT}/doi").json()["versions"] == []


def test_the_sandbox_itself_can(demo, http):
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": demo.endpoint}
    answer = http("POST", "/api/repos/create", headers=headers, json={"name": "new"})
    assert answer.status_code == 200


def test_bodies_are_bounded(http):
    large = b"[" + b" " * (MAX_JSON_BYTES + 1)
    for method, path in (
        ("POST", "/api/repos/create"),
        ("POST", f"/api/models/{BERT}/preupload/main"),
        ("POST", f"/api/models/{BERT}/paths-info/main"),
        ("POST", f"/api/models/{BERT}/doi"),
    ):
        answer = http(method, path, content=large)
        assert answer.status_code == 413, path
        assert "1 MiB" in answer.headers["X-Error-Message"]
        assert answer.json()["code"] == answer.headers["X-Error-Code"] == "FileTooLarge"

    def parts():
        for _ in range(MAX_JSON_BYTES // 65536 + 2):
            yield b" " * 65536

    assert http("POST", "/api/repos/create", content=parts()).status_code == 413


def test_commits_are_bounded(http):
    def parts():
        for _ in range(MAX_COMMIT_BYTES // (1024 * 1024) + 1):
            yield b"\n" * 1024 * 1024

    answer = http("POST", f"/api/models/{BERT}/commit/main", content=parts(), timeout=60)
    assert answer.status_code == 413
    assert "160 MiB" in answer.headers["X-Error-Message"]
    assert answer.json()["code"] == answer.headers["X-Error-Code"] == "FileTooLarge"


def test_headers_that_lie_about_the_length(demo):
    host, _, port = demo.endpoint.removeprefix("http://").partition(":")
    for length in ("-1", "x", "9" * 30):
        request = (
            f"POST /api/repos/create HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Content-Length: {length}\r\nConnection: close\r\n\r\n{{}}"
        )
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(request.encode())
            connection.shutdown(socket.SHUT_WR)
            first = connection.recv(65536).split(b"\r\n")[0]
        assert b" 500 " not in first
    assert httpx.get(f"{demo.endpoint}/api/models").status_code == 200
