"""nginx as docs/how-to/nginx.conf has it, on ports of this machine and with files of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.ports import free_ports

SHOWN = Path(__file__).parents[2] / "docs" / "how-to" / "nginx.conf"
_HOST = "dois.example.org"
_MAIN = """\
daemon off;
{user}
pid {directory}/nginx.pid;
worker_processes 2;
events {{}}
http {{
    log_format upstream "$upstream_addr";
    access_log {directory}/access upstream;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/gateway.conf;
}}
"""


class Nginx:
    """nginx at `url`, which is https with the certificate in the file `certificate`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.certificate = directory / "certificate.pem"
        (self.port,) = free_ports(1)
        self.url = f"https://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        _make_certificate(directory / "key.pem", self.certificate)

    def start(self, backends: Iterable[str]) -> None:
        """Serve `backends`, the URLs of two gateway processes, in place of those that are shown."""
        text = SHOWN.read_text("utf-8")
        places = {
            "10.0.0.11:8080": "",
            "10.0.0.12:8080": "",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            f"/etc/ssl/certs/{_HOST}.pem": str(self.certificate),
            f"/etc/ssl/private/{_HOST}.key": str(self.directory / "key.pem"),
            f"server_name {_HOST};": "server_name localhost;",
        }
        places |= zip(places, (urlsplit(one).netloc for one in backends), strict=False)
        for shown, here in places.items():
            assert text.count(shown) == 1, shown
            text = text.replace(shown, here)
        (self.directory / "gateway.conf").write_text(text)
        # The workers of a root's nginx are somebody else, who may not read the directory.
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        main = self.directory / "nginx.conf"
        main.write_text(_MAIN.format(user=user, directory=self.directory))
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "install it with: make system"
        log = (self.directory / "errors").open("wb")
        self._process = subprocess.Popen(
            [program, "-e", "stderr", "-p", str(self.directory), "-c", str(main)], stderr=log
        )
        log.close()
        deadline = time.monotonic() + 60
        while not self._listens():
            assert self._process.poll() is None, (self.directory / "errors").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    @property
    def served(self) -> set[str]:
        """Which backends have answered a request by themselves."""
        return set((self.directory / "access").read_text().split("\n")) - {"", "-"}

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False


def _make_certificate(key: Path, certificate: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
