"""Authorization headers for registries: basic, or tokens fetched as a 401's challenge says."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from k8snb.errors import RegistryError
from k8snb.images.credentials import Credentials

_CHALLENGE = re.compile(r'(?P<key>\w+)="(?P<value>[^"]*)"')
_REFRESH_BEFORE = 10.0
_DEFAULT_LIFE = 60.0


@dataclass(frozen=True)
class _Header:
    value: str
    until: float


@dataclass
class Authorization:
    """Headers already earned, by host and scopes.

    Parameters
    ----------
    credentials : callable
        Returns the login for a host; called in a thread, once per host and only where a registry asks.
    """

    credentials: Callable[[str], Credentials | None]
    _headers: dict[tuple[str, tuple[str, ...]], _Header] = field(default_factory=dict)
    _logins: dict[str, Credentials | None] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    def header(self, host: str, scopes: tuple[str, ...]) -> str | None:
        """Return what is known to serve for a request, if anything is."""
        for key in ((host, scopes), (host, ())):
            known = self._headers.get(key)
            if known and known.until > time.monotonic():
                return known.value
        return None

    def known(self, host: str) -> bool:
        """Whether there is a login for the host."""
        return self._logins.get(host) is not None

    async def answer(
        self, session: aiohttp.ClientSession, host: str, scopes: tuple[str, ...], challenge: str, refused: str | None
    ) -> bool:
        """Earn a header after a 401; False where nothing new is to be had.

        Parameters
        ----------
        session : aiohttp.ClientSession
        host : str
        scopes : tuple of str
            ``repository:NAME:pull,push``
        challenge : str
            The response's ``WWW-Authenticate``.
        refused : str or None
            The header that was sent.
        """
        async with self._locks.setdefault(host, asyncio.Lock()):
            if (current := self.header(host, scopes)) and current != refused:
                return True  # another request was quicker
            if host not in self._logins:
                self._logins[host] = await asyncio.to_thread(self.credentials, host)
            login = self._logins[host]
            scheme, _, rest = challenge.partition(" ")
            if scheme.lower() == "basic":
                if login is None or login.basic == refused:
                    return False
                self._headers[host, ()] = _Header(login.basic, float("inf"))
                return True
            if scheme.lower() != "bearer":
                return False
            fields = {m["key"]: m["value"] for m in _CHALLENGE.finditer(rest)}
            token, life = await _fetch(session, host, fields, scopes, login)
            self._headers[host, scopes] = _Header(f"Bearer {token}", time.monotonic() + life - _REFRESH_BEFORE)
            return True


async def _fetch(
    session: aiohttp.ClientSession,
    host: str,
    challenge: Mapping[str, str],
    scopes: tuple[str, ...],
    login: Credentials | None,
) -> tuple[str, float]:
    """Ask the challenge's realm for a token; return it and its life in seconds."""
    realm, service = challenge.get("realm", ""), challenge.get("service", "")
    if login and login.identity:
        form = {"grant_type": "refresh_token", "refresh_token": login.identity, "client_id": "k8snb"}
        request = session.post(realm, data=form | {"service": service, "scope": " ".join(scopes)})
    else:
        query = [("service", service), *(("scope", scope) for scope in scopes)]
        headers = {"Authorization": login.basic} if login else {}
        request = session.get(realm, params=query, headers=headers)
    try:
        async with request as response:
            if response.status >= 400:  # noqa: PLR2004
                raise refused_login(host, known=login is not None)
            answer = await response.json(content_type=None)
            token = answer.get("token") or answer["access_token"]
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
        raise RegistryError(
            f"The registry's token service cannot be used: {error!r}", where=f"{host}, {realm}"
        ) from error
    return token, max(float(answer.get("expires_in") or 0), _DEFAULT_LIFE)


def refused_login(host: str, *, known: bool) -> RegistryError:
    """Return the error for a login that is missing or refused."""
    what = "The registry refuses the login that is kept for it" if known else "The registry asks for a login"
    return RegistryError(what, where=host, fix=f"docker login {host}")
