"""JupyterHub with an institution's gateway: who may generate DOIs, and where the gateway is.

Add these parts to your own jupyterhub_config.py; authenticator and spawner stay yours.
"""

import os
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821

GATEWAY = os.environ.get("HUBDOI_GATEWAY_URL", "https://dois.example.org")
SECRET = os.environ.get("HUBDOI_GATEWAY_OIDC_SECRET_FILE", "/run/secrets/hubdoi-jupyterhub")
MINT = "custom:hubdoi:mint"

c.JupyterHub.custom_scopes = {
    MINT: {"description": "Generate DOIs with the institution's account."},
}

# The gateway runs on its own. JupyterHub knows it so that curators can sign in to its pages.
c.JupyterHub.services = [
    {
        "name": "hubdoi",
        "api_token": Path(SECRET).read_text().strip(),
        "oauth_client_id": "service-hubdoi",
        "oauth_redirect_uri": f"{GATEWAY}/gateway/callback",
        "oauth_no_confirm": True,
    }
]

c.JupyterHub.load_roles = [
    # Who may generate DOIs: these groups, or single people with "users".
    {
        "name": "hubdoi-researchers",
        "description": "Generates DOIs",
        "scopes": [MINT],
        "groups": ["researchers"],
    },
    # Who may sign in to the gateway's pages; what they may do there, `hubdoi gateway user` says.
    {
        "name": "hubdoi-curators",
        "description": "Signs in to the pages of the DOI gateway",
        "scopes": ["access:services!service=hubdoi"],
        "groups": ["library"],
    },
    # The token of a notebook (JUPYTERHUB_API_TOKEN) has the scope where its owner has it, and shows
    # the owner's groups: the policy of one of them counts.
    {
        "name": "server",
        "scopes": [
            "users:activity!user",
            "access:servers!server",
            "read:users:groups!user",
            MINT,
        ],
    },
]

# `%doi use` finds the gateway by itself.
c.Spawner.environment = {"HUBDOI_GATEWAY_URL": GATEWAY}
