"""A Hub without a DOI API, as huggingface.co is, for the tutorial that cites from there.

Two repositories have DOIs; one has moved on since. The addresses go to the file named, as shell
variables; it serves until SIGTERM.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from hubdoi import Client
from hubdoi.sandbox import Sandbox


def main(data: Path, variables: Path) -> None:
    clock = "2026-11-23T09:00:00Z"
    with Sandbox(data=data, clock=clock) as sandbox:
        client = Client(sandbox.endpoint, sandbox.users["ada"])
        for repo in ("ada/tiny-bert", "datasets/ada/notes"):
            client.mint(repo, agree=client.terms(repo))
        client.hf_api().upload_file(
            path_or_fileobj=b"# Tiny BERT\n\nWith a citation.\n",
            path_in_repo="README.md",
            repo_id="ada/tiny-bert",
            commit_message="Add the citation to the card",
        )
    with Sandbox(data=data, clock=clock, without_doi_api=True) as sandbox:
        beside = variables.with_suffix(".new")
        beside.write_text(
            f"export TUTORIAL_HUB={sandbox.endpoint}\nexport TUTORIAL_DATACITE={sandbox.datacite_url}\n"
        )
        beside.replace(variables)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(Path(sys.argv[1]), Path(sys.argv[2]))
