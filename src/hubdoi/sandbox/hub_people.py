"""Who am I, and who are the others."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select

from ..records.errors import SandboxError
from .access import grant_of, require_person, world_of
from .oauth import Grant
from .refusal import Refusal
from .scopes import expanded
from .tables import MEMBERS, PEOPLE

router = APIRouter()


@router.get("/api/whoami-v2")
def whoami(request: Request) -> dict[str, Any]:
    person = require_person(request)
    people = world_of(request).store.people
    grant = grant_of(request)
    organizations = person.organizations
    if grant is not None and "read-memberships" not in grant.scopes:
        organizations = ()
    return {
        "type": "user",
        "id": f"user-{person.username}",
        "name": person.username,
        "fullname": person.full_name,
        "isPro": False,
        "avatarUrl": "",
        "orgs": [
            {
                "type": "org",
                "id": f"org-{name}",
                "name": name,
                "fullname": people.owner(name)[0],
                "avatarUrl": "",
                "roleInOrg": "write",
            }
            for name in organizations
        ],
        "auth": _auth(grant),
    }


def _auth(grant: Grant | None) -> dict[str, Any]:
    if grant is None:
        token = {"displayName": "sandbox", "role": "write"}
        return {"type": "access_token", "accessToken": token}
    token = {"displayName": "OAuth", "role": "write" if _writes(grant) else "read"}
    return {"type": "oauth", "accessToken": token, "scopes": list(grant.scopes)}


def _writes(grant: Grant) -> bool:
    return "write-repos" in expanded(grant.scopes)


@router.get("/api/users/{username}/overview")
def user_overview(request: Request, username: str) -> dict[str, Any]:
    people = world_of(request).store.people
    person = people.person(username)
    if person is None:
        raise Refusal(404, f"There is no user {username[:60]!r} here.", "UserNotFound")
    return {
        "user": person.username,
        "fullname": person.full_name,
        "avatarUrl": "",
        "type": "user",
        "isPro": False,
        "orgs": [
            {"name": name, "fullname": people.owner(name)[0], "avatarUrl": ""}
            for name in person.organizations
        ],
    }


@router.get("/api/organizations/{name}/overview")
def organization_overview(request: Request, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "fullname": _organization(request, name),
        "avatarUrl": "",
        "type": "org",
        "numUsers": len(_members(request, name)),
    }


@router.get("/api/organizations/{name}/members")
def organization_members(request: Request, name: str) -> list[dict[str, Any]]:
    _organization(request, name)
    return [
        {"user": username, "fullname": full_name, "avatarUrl": "", "type": "user", "isPro": False}
        for username, full_name in _members(request, name)
    ]


def _organization(request: Request, name: str) -> str:
    try:
        full_name, is_organization = world_of(request).store.people.owner(name)
    except SandboxError:
        is_organization = False
    if not is_organization:
        raise Refusal(404, f"There is no organisation {name[:60]!r} here.", "OrgNotFound")
    return full_name


def _members(request: Request, name: str) -> list[tuple[str, str]]:
    with world_of(request).reading() as connection:
        rows = connection.execute(
            select(PEOPLE.c.username, PEOPLE.c.full_name)
            .join(MEMBERS, MEMBERS.c.username == PEOPLE.c.username)
            .where(MEMBERS.c.organization == name)
            .order_by(PEOPLE.c.username)
        ).all()
    return [(row.username, row.full_name) for row in rows]
