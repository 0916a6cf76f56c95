"""A real PostgreSQL of Debian's package, for tests and benchmarks."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa

_NAMES = count(1)


class Postgres:
    """A cluster in a directory of its own, which can be stopped and started again."""

    def __init__(self, directory: Path, *, options: str = "") -> None:
        self.directory = directory
        self._options = options
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        self._bin = found[-1] if found else Path(shutil.which("initdb") or "initdb").parent
        # PostgreSQL refuses to run as root.
        self._as: list[str] = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(directory, user.pw_uid, user.pw_gid)
            self._as = [
                "setpriv",
                f"--reuid={user.pw_uid}",
                f"--regid={user.pw_gid}",
                "--clear-groups",
            ]
        self._run("initdb", "-D", "data", "-A", "trust", "-U", "gateway", "--no-sync")
        self.start()

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.directory} -c max_connections=200 {self._options}"
        self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "300", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def new_database(self, like: str | None = None) -> str:
        """The URL of a new database: a copy of that at the URL `like`, or empty."""
        name = f"gateway{os.getpid()}_{next(_NAMES)}"
        with psycopg.connect(
            host=str(self.directory), user="gateway", dbname="postgres", autocommit=True
        ) as db:
            template = f" TEMPLATE {sa.make_url(like).database}" if like else ""
            db.execute(f"CREATE DATABASE {name}{template}".encode())
        return f"postgresql+psycopg://gateway@/{name}?host={self.directory}"

    def _run(self, program: str, *arguments: str) -> None:
        # Its output goes to a file: a server that inherits a pipe keeps it open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [*self._as, str(self._bin / program), *arguments],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=300,
            )
            output.seek(0)
            assert done.returncode == 0, output.read().decode()
