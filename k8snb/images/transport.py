"""HTTP as registries speak it: logins asked for, redirects, moments of being busy, and refusals put into words."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
from yarl import URL

from k8snb.errors import RegistryError
from k8snb.images import credentials
from k8snb.images.authorization import Authorization, refused_login
from k8snb.images.reference import HUB, Repository, is_loopback

_TRIES = 4
_AGAIN = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_MAX_LOGINS = 2  # the second for a token that has expired on the way
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=20, sock_read=300)

Body = bytes | AsyncIterator[bytes]


@dataclass(frozen=True)
class Call:
    """One request as it is meant.

    Parameters
    ----------
    method : str
    repository : Repository
        What it is about: decides the login.
    at : str or URL
        Path below the repository's, or an address that the registry gave.
    expect : frozenset of int
        Status codes that are answers; all others are errors.
    headers : mapping of str to str
    body : callable, optional
        Makes the body; called again for each try. A stream is sent once only.
    source : Repository, optional
        Another repository that is read from.
    """

    method: str
    repository: Repository
    at: str | URL
    expect: Collection[int]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], Body] | None = None
    source: Repository | None = None

    @property
    def writes(self) -> bool:
        """Whether it needs more than the permission to read."""
        return self.method not in {"GET", "HEAD"}

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a token must be good for."""
        own = f"repository:{self.repository.name}:" + ("pull,push" if self.writes else "pull")
        return (own, f"repository:{self.source.name}:pull") if self.source else (own,)


class Interrupted(RegistryError):
    """The connection broke while a stream was sent: what the stream is part of has to begin anew."""


class Transport:
    """Makes requests over one session; remembers logins.

    Parameters
    ----------
    insecure : collection of str
        Hosts that are spoken to without TLS, besides those on this machine.
    login : callable
        Returns the `Credentials` for a host; asked only where a registry wants one.

    Attributes
    ----------
    requests, sent : int
        Requests made, and bytes of their bodies.
    """

    def __init__(
        self, insecure: Collection[str] = (), login: Callable[[str], credentials.Credentials | None] = credentials.find
    ) -> None:
        self.requests = 0
        self.sent = 0
        self._insecure = frozenset(insecure)
        self._authorization = Authorization(login)
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def finish(self, call: Call) -> None:
        """Make a request whose answer's content does not matter."""
        async with self.send(call):
            pass

    @asynccontextmanager
    async def send(self, call: Call) -> AsyncIterator[aiohttp.ClientResponse]:
        """Make a request; what comes back is one of the answers that the call expects.

        Raises
        ------
        RegistryError
            Unreachable, or refused.
        """
        try:
            async with await self._answer(call) as response:
                if response.status not in call.expect:
                    raise self._refusal(call, response.status, _reason(await response.read()))
                yield response
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unreachable(call, error) from error

    def _url(self, call: Call) -> URL:
        if isinstance(call.at, URL):
            return call.at
        host = "registry-1.docker.io" if call.repository.host == HUB else call.repository.host
        scheme = "http" if is_loopback(host) or host in self._insecure else "https"
        return URL(f"{scheme}://{host}/v2/{call.repository.name}/{call.at}", encoded=True)

    async def _answer(self, call: Call) -> aiohttp.ClientResponse:
        """Return the first response that is more than a step on the way: a login, a redirect, a busy moment."""
        url = self._url(call)
        origin, redirects, logins, tries = url.origin(), 0, 0, 0
        while True:
            known = self._authorization.header(call.repository.host, call.scopes) if url.origin() == origin else None
            response, tries = await self._attempt(call, url, known, tries)
            if response.status in call.expect:
                return response
            if response.status == HTTPStatus.UNAUTHORIZED and logins < _MAX_LOGINS and url.origin() == origin:
                logins += 1
                if not await self._log_in(call, response, known):
                    return response
            elif response.status in _REDIRECTS and redirects < _MAX_REDIRECTS and "Location" in response.headers:
                redirects += 1
                url = location(response)
            elif response.status in _AGAIN and tries < _TRIES - 1:
                tries += 1
                await asyncio.sleep(_pause(response.headers.get("Retry-After"), tries))
            else:
                return response
            response.release()

    async def _attempt(
        self, call: Call, url: URL, authorization: str | None, tries: int
    ) -> tuple[aiohttp.ClientResponse, int]:
        """Make one request, again at once where the connection was found broken; return how many tries are used up."""
        while True:
            headers = {"User-Agent": "k8snb", "Accept-Encoding": "identity", **call.headers}
            if authorization:
                headers["Authorization"] = authorization
            body = call.body() if call.body else None
            self.requests += 1
            self.sent += len(body) if isinstance(body, bytes) else int(headers.get("Content-Length", 0))
            if self._session is None:
                self._session = aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False)
            try:
                return await self._session.request(
                    call.method, url, headers=headers, data=body, allow_redirects=False, proxy=_proxy(url)
                ), tries
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                tries += 1
                if body is not None and not isinstance(body, bytes):
                    raise Interrupted(*_unreachable(call, error).args, where=str(call.repository)) from error
                if tries >= _TRIES:
                    raise

    async def _log_in(self, call: Call, response: aiohttp.ClientResponse, refused: str | None) -> bool:
        assert self._session is not None
        challenge = response.headers.get("WWW-Authenticate", "")
        return await self._authorization.answer(self._session, call.repository.host, call.scopes, challenge, refused)

    def _refusal(self, call: Call, status: int, reason: str) -> RegistryError:
        """Return the error for an answer that was not expected."""
        host, where = call.repository.host, str(call.repository)
        if status == HTTPStatus.UNAUTHORIZED:
            return refused_login(host, known=self._authorization.known(host))
        if status == HTTPStatus.FORBIDDEN:
            verb = "written to" if call.writes else "read"
            return RegistryError(
                f"The repository may not be {verb} with this login{reason}",
                where=where,
                fix=f"ask its owner for the permission, or: docker login {host}",
            )
        if status == HTTPStatus.NOT_FOUND and call.writes:
            aws = f"aws ecr create-repository --repository-name {call.repository.name}"
            return RegistryError(
                f"The registry has no such repository{reason}",
                where=where,
                fix=aws if ".dkr.ecr." in host else "create it in the registry, or use another name",
            )
        if status == HTTPStatus.NOT_FOUND:
            return RegistryError(f"The registry does not have it{reason}", where=f"{where}, {call.at}")
        return RegistryError(f"The registry answered {status}{reason}", where=f"{where}, {call.method} {call.at}")


def location(response: aiohttp.ClientResponse) -> URL:
    """Return where an answer points to, exactly as written: signed addresses must not be quoted anew.

    Raises
    ------
    RegistryError
        It does not say.
    """
    told = response.headers.get("Location")
    if not told:
        raise RegistryError("The registry did not say where to go on", where=str(response.url))
    return response.url.join(URL(told, encoded=True))


def _unreachable(call: Call, error: BaseException) -> RegistryError:
    hint = "is it running, and is the address right?"
    if isinstance(error, aiohttp.ClientSSLError):
        hint = "if it speaks plain HTTP, name it as insecure in the stack"
    return RegistryError(
        f"The registry cannot be reached: {str(error) or type(error).__name__}", where=call.repository.host, fix=hint
    )


def _reason(body: bytes) -> str:
    """Return what a registry says about a refusal, ready to be put after a sentence."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        return ": " + "; ".join(str(e.get("message") or e.get("code")) for e in json.loads(body)["errors"])
    text = body[:200].decode(errors="replace").strip()
    return f": {text}" if text else ""


def _pause(told: str | None, tries: int) -> float:
    """Return seconds to wait before the next try."""
    if told and told.isdigit():
        return min(float(told), 60.0)
    return float(0.2 * 3**tries)


def _proxy(url: URL) -> str | None:
    """Return the environment's proxy for an address; never one for this machine."""
    host = url.host or ""
    if is_loopback(host) or not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    return None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(url.scheme)
