"""The Kubernetes API over one HTTP session: plain JSON in and out, credentials that are renewed, errors that help.

Configurations are read by the official client; requests go through its session without its models, which cost
milliseconds each.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from weakref import WeakSet

from k8snb.errors import ClusterError, ForbiddenError
from k8snb.orchestrators.kubernetes import kubeconfig
from k8snb.orchestrators.kubernetes.permissions import how_to_permit

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientWebSocketResponse

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, GONE, INVALID = 400, 401, 403, 404, 409, 410, 422
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_PAUSES = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)
_CONNECT_SECONDS = 4.0
_REQUEST_SECONDS = 15.0
_KEEPALIVE_SECONDS = 15
_CLOSE_SECONDS = 1.0
# Python forgets TLS connections that are closed while they are read (python/cpython#118950).
_LEAKS_TLS = sys.version_info < (3, 12, 8) or (3, 13, 0) <= sys.version_info < (3, 13, 1)
_LINE_LIMIT = 4 << 20
"""Bytes of a watch's line: a pod's object may have 1.5 MiB."""
# With version 5 the server agrees before it has asked the node, and says only later that no container runs yet.
_CHANNELS = ("v4.channel.k8s.io",)

Json = dict[str, Any]


class Unreachable(ClusterError):
    """The API does not answer, or breaks off."""


class StatusError(ClusterError):
    """The API answered, and it was no success."""

    status: int = 0
    said: str = ""


class Refused(StatusError, ForbiddenError):
    """The API answered 403."""


class Api:
    """A cluster's API. Opens nothing until the first call.

    Parameters
    ----------
    config, context : str or None
        As in `Settings`.
    """

    def __init__(self, config: str | None, context: str | None) -> None:
        self._config, self._context = config, context
        self._access: kubeconfig.Access | None = None
        self._client: Any = None
        self._replaced: list[Any] = []
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = asyncio.Lock()

    @property
    def where(self) -> str:
        """The cluster, for messages."""
        return self._access.where if self._access else f"context {self._context or '(current)'}"

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
        patient: bool = True,
    ) -> Json:
        """Send a request that may be repeated, and return the answer's JSON.

        Parameters
        ----------
        patient : bool
            Try again for some 15 s where the API does not answer; else fail at the first time.

        Raises
        ------
        StatusError
            Any answer but success.
        Unreachable
            No answer.
        """
        for pause in _PAUSES if patient else ():
            try:
                return await self._call(method, path, body, params)
            except StatusError as error:
                if error.status not in _TRANSIENT:
                    raise
            except Unreachable:
                pass
            await asyncio.sleep(pause)
        return await self._call(method, path, body, params)

    async def _call(self, method: str, path: str, body: Json | None, params: Mapping[str, str] | None) -> Json:
        async with self.open(path, method=method, body=body, params=params, seconds=_REQUEST_SECONDS) as response:
            data: Json = json.loads(await response.read())
            return data

    @asynccontextmanager
    async def open(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
        seconds: float | None = None,
        silence: float | None = None,
    ) -> AsyncIterator[ClientResponse]:
        """Send a request and give the open response.

        Parameters
        ----------
        seconds : float or None
            For all of it.
        silence : float or None
            Without a byte.

        Raises
        ------
        StatusError, Unreachable
            Also while the response is read.
        """
        import aiohttp

        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_SECONDS, sock_read=silence)
        query = f"?{urlencode(params)}" if params else ""
        try:
            response = await self._request(method, path + query, body, limits)
            try:
                yield response
            finally:
                # The connection of a response that was read to its end is given back already. One that was left before
                # is cut: a good-bye in TLS would wait for what the other side still sends.
                if response.connection is not None and response.connection.transport is not None:
                    response.connection.transport.abort()
                response.close()
        except (aiohttp.ClientError, TimeoutError, OSError, json.JSONDecodeError) as error:
            raise self._unreachable(error) from error

    async def _request(self, method: str, path: str, body: Json | None, limits: Any) -> ClientResponse:
        for again in (False, True):
            access, client = await self._connected(renew=again)
            headers = {"Accept": "application/json, */*"}
            if authorization := await access.authorization():
                headers["Authorization"] = authorization
            url = access.configuration.host + path
            answer = await client.rest_client.request(method, url, headers=headers, body=body, _request_timeout=limits)
            response: ClientResponse = answer.response
            if response.status != UNAUTHORIZED or again:
                break
            response.close()
        if response.status < BAD_REQUEST:
            return response
        raise refusal(response.status, await response.text(), self.where)

    async def attach(self, path: str, params: Mapping[str, str]) -> ClientWebSocketResponse:
        """Open a websocket of the channel protocol.

        Raises
        ------
        StatusError
            The container does not run yet, or attaching is not permitted.
        Unreachable
            No answer.
        """
        import aiohttp

        access, client = await self._connected()
        authorization = await access.authorization()
        url = f"{access.configuration.host}{path}?{urlencode(params)}"
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                ws: ClientWebSocketResponse = await client.rest_client.pool_manager.ws_connect(
                    "ws" + url.removeprefix("http"),
                    headers={"Authorization": authorization} if authorization else {},
                    protocols=_CHANNELS,
                    proxy=access.configuration.proxy,
                    max_msg_size=0,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise refusal(error.status, error.message, self.where) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error
        return ws

    async def _connected(self, *, renew: bool = False) -> tuple[kubeconfig.Access, Any]:
        """Return the configuration and its session; read anew where the credentials were refused."""
        before = self._access
        if before is not None and not renew:
            return before, self._client
        async with self._lock:
            if self._access is not None and self._access is not before:
                return self._access, self._client  # another call was quicker
            access = await kubeconfig.load(self._config, self._context)
            new = access.configuration
            if before is None or (before.configuration.host, before.configuration.cert_file) != (
                new.host,
                new.cert_file,
            ):
                if self._client is not None:
                    self._replaced.append(self._client)  # streams may still run over it
                self._client = self._session(access)
            self._access = access
            return access, self._client

    def _session(self, access: kubeconfig.Access) -> Any:
        import aiohttp
        from kubernetes.aio.client import ApiClient  # 0.3 s

        client = ApiClient(access.configuration)
        connector = aiohttp.TCPConnector(
            limit=0,  # each pod holds one or two connections
            ssl=client.rest_client.ssl_context,
            socket_factory=self._socket,
            enable_cleanup_closed=_LEAKS_TLS,
        )
        client.rest_client.pool_manager = aiohttp.ClientSession(
            connector=connector, trust_env=True, read_bufsize=_LINE_LIMIT
        )
        return client

    def _socket(self, address: Any) -> socket.socket:
        """Make a socket that finds out when the other side is gone."""
        family, kind, protocol, _, _ = address
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_SECONDS)
        self._sockets.add(made)
        return made

    def _unreachable(self, error: BaseException) -> Unreachable:
        said = str(error) or type(error).__name__
        return Unreachable(
            f"The cluster does not answer: {said}",
            where=self.where,
            fix="is it up, and is this machine in its network (VPN, proxy)? kubectl get pods",
        )

    async def aclose(self) -> None:
        """Close the session."""
        for client in [*self._replaced, self._client]:
            if client is not None:
                await client.close()
        self._client = self._access = None
        self._replaced = []
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):  # TLS says good-bye
                while any(made.fileno() >= 0 for made in self._sockets):
                    await asyncio.sleep(_CLOSE_SECONDS / 100)


def refusal(status: int, body: str, where: str) -> StatusError:
    """Return the error for an answer that is no success."""
    try:
        message = json.loads(body).get("message") or body
    except (ValueError, AttributeError):
        message = body.strip()[:500]
    kind = Refused if status == FORBIDDEN else StatusError
    what, fix = f"The cluster answers {status}: {message}", how_to_permit(message) if status == FORBIDDEN else None
    if status == UNAUTHORIZED:
        what, fix = "The cluster refuses the credentials", "log in again, then: kubectl auth whoami"
    error = kind(what, where=where, fix=fix)
    error.status, error.said = status, message
    return error
