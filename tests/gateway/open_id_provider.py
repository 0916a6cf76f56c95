"""A small OpenID Connect provider: authorization code with PKCE, one person, a client with a secret."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey

CLIENT = "the-gateway"
SECRET = "the secret of the gateway, which is long"


class Provider:
    """`claims` are those of the one person; `endpoint` is its issuer."""

    def __init__(self, claims: Mapping[str, object]) -> None:
        self.claims: dict[str, object] = dict(claims)
        self.endpoint = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()

    def token(self, form: Mapping[str, str]) -> dict[str, str] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form.get("redirect_uri")
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET)
        ):
            return None
        now = int(time.time())
        claims = {
            **self.claims,
            "iss": self.endpoint,
            "aud": CLIENT,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 600,
        }
        access = secrets.token_urlsafe(16)
        self.tokens.add(access)
        signed = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        return {"access_token": access, "token_type": "bearer", "id_token": signed}


@contextmanager
def serving(claims: Mapping[str, object]) -> Iterator[Provider]:
    provider = Provider(claims)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            if url.path == "/.well-known/openid-configuration":
                parts = ("authorization", "token", "userinfo")
                self.answer(
                    {
                        "issuer": provider.endpoint,
                        **{f"{part}_endpoint": f"{provider.endpoint}/{part}" for part in parts},
                    }
                )
            elif url.path == "/authorization":
                code = secrets.token_urlsafe(16)
                provider.codes[code] = query
                back = urlencode({"code": code, "state": query["state"]})
                self.send_response(302)
                self.send_header("Location", f"{query['redirect_uri']}?{back}")
                self.end_headers()
            elif self.headers.get("Authorization", "")[7:] in provider.tokens:
                self.answer(provider.claims)
            else:
                self.answer({"error": "invalid_token"}, 401)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found = provider.token({name: values[0] for name, values in parse_qs(body).items()})
            self.answer(found or {"error": "invalid_grant"}, 200 if found else 400)

        def answer(self, body: Mapping[str, str], status: int = 200) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
