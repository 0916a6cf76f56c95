"""Front matter and cell bodies that bring down a process whose YAML is read without bounds."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode

import httpx
import pytest

from hubdoi.sandbox import Sandbox

NESTED = "a: " + "[" * 50_000
MERGED = "\n".join(["a0: &a0 {k: v}", *(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))])  # fmt: skip


def test_a_sandbox_outlives_hostile_front_matter(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {sandbox.users['ada']}"}
    with httpx.Client(base_url=sandbox.endpoint, headers=headers) as http:
        for front in (NESTED, MERGED, "a: &a {<<: *a}"):
            card = b64encode(f"---\n{front}\n---\nText.\n".encode()).decode()
            file = {"path": "README.md", "content": card, "encoding": "base64"}
            lines = [
                {"key": "header", "value": {"summary": "Hostile"}},
                {"key": "file", "value": file},
            ]
            body = "\n".join(map(json.dumps, lines))
            committed = http.post("/api/models/ada/tiny-bert/commit/main", content=body)
            assert committed.status_code == 200, committed.text
            assert (
                http.get("/api/models/ada/tiny-bert").json()["sha"] == committed.json()["commitOid"]
            )
            assert (
                http.post(
                    "/api/validate-yaml", json={"content": f"---\n{front}\n---\n"}
                ).status_code
                == 400
            )


@pytest.mark.parametrize("body", [NESTED, MERGED], ids=["nested", "merged"])
def test_a_kernel_outlives_a_hostile_body(body: str) -> None:
    code = """
import sys
from hubdoi.jupyter.commands import _body
from hubdoi.records.errors import InvalidMetadata
try:
    _body(sys.stdin.read(), ["mint"])
except InvalidMetadata as error:
    print(error.message)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], input=body, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The YAML ")
