"""Run huggingface_hub's own tests against a sandbox.

    python scripts/client_tests.py CHECKOUT [arguments of pytest]

CHECKOUT is a checkout of the client's repository, of the tag of the installed release (it is read,
not installed): ``pip install 'huggingface_hub[testing]'`` brings what its tests need. Every test is
named with its outcome, and a table counts them by file. Tests that ask huggingface.co itself are
left out.
"""

from __future__ import annotations

import json
import os
import subprocess  # nosec B404
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from hubdoi.sandbox.world import World

COLUMNS = ("passed", "failed", "skipped")


def main(arguments: list[str]) -> int:
    if not arguments or not (Path(arguments[0]) / "tests" / "testing_constants.py").is_file():
        print(__doc__, file=sys.stderr)
        return 2
    checkout, asked = Path(arguments[0]).resolve(), arguments[1:]
    sys.path.insert(0, str(checkout))
    # Only texts: nothing of the client is read yet.
    names: Any = import_module("tests.testing_constants")

    with tempfile.TemporaryDirectory() as made, served(Path(made), names) as endpoint:
        # Read when huggingface_hub is imported, which only pytest does.
        os.environ |= {"HF_ENDPOINT": endpoint, "HF_HOME": made}
        os.environ.pop("HF_TOKEN", None)
        names.ENDPOINT_STAGING = endpoint
        os.chdir(checkout)
        import pytest

        outcomes = Outcomes()
        # Without the settings of the checkout, which name another Hub.
        options = ["-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider", "--tb=short"]
        left_out = ["-m", "not production and not inference", "-o", "asyncio_mode=strict"]
        status = pytest.main([*options, *left_out, "-v", *(asked or ["tests"])], plugins=[outcomes])
        print(outcomes.table())
    return int(status)


@contextmanager
def served(data: Path, names: Any) -> Iterator[str]:
    """A sandbox in a process of its own, with the people that the tests name; the URL of it.

    `names` gets the tokens of that sandbox.
    """
    with World(data, seed="empty") as world:
        names.TOKEN = world.add_user(names.USER, names.FULL_NAME)
        names.OTHER_TOKEN = world.add_user(names.OTHER_USER, names.OTHER_USER)
        names.ENTERPRISE_TOKEN = world.add_user(names.ENTERPRISE_USER, names.ENTERPRISE_USER)
        people = world.store.people
        people.add_organization(names.ENTERPRISE_ORG, names.ENTERPRISE_ORG)
        people.join(names.ENTERPRISE_USER, names.ENTERPRISE_ORG)
        # The only name that the tests expect without saying so in testing_constants.py.
        people.add_organization("valid_org_hub", "Dummy Hub Org")
        people.join(names.USER, "valid_org_hub")
    process = subprocess.Popen(  # nosec B603
        [sys.executable, "-m", "hubdoi", "sandbox", "serve", "--data", str(data)],
        stdout=subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(data)},
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["endpoint"]
    finally:
        process.terminate()
        process.wait(timeout=30)


class Outcomes:
    """A pytest plugin that counts what came of the tests, by file."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        # A test passes when its call did, and nothing before or after it failed.
        if report.failed or report.when == "call" or report.skipped:
            self._of[report.nodeid] = report.outcome

    def table(self) -> str:
        """The counts as a table in Markdown."""
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for test, outcome in self._of.items():
            counts[Path(test.partition("::")[0]).name][outcome] += 1
        lines = [f"| file | {' | '.join(COLUMNS)} |", "|---" * (1 + len(COLUMNS)) + "|"]
        lines += [
            f"| `{file}` | {' | '.join(str(count[column]) for column in COLUMNS)} |"
            for file, count in sorted(counts.items())
        ]
        return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
