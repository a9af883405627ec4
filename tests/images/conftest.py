"""A registry in memory that can be as difficult as real ones are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from k8snb.images.reference import Reference, Repository


@dataclass
class Registry:
    """What it holds, what it does, and what it was asked."""

    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)  # scopes asked for
    login: str | None = None  # the basic header that its token service wants
    bearer: bool = False
    may_push: bool = True
    mounts: bool = True
    redirects: bool = False
    tells_digest: bool = True
    largest: int | None = None  # bytes of a request
    busy: int = 0  # requests that are refused first
    breaks: int = 0  # PATCHes that are cut off
    host: str = ""

    def repository(self, name: str) -> Repository:
        return Repository(self.host, name)

    def add_blob(self, name: str, data: bytes) -> dict:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs[name, digest] = data
        return {"digest": digest, "size": len(data)}

    def add_manifest(self, name: str, tag: str, manifest: dict) -> Reference:
        data = json.dumps(manifest).encode()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.manifests[name, tag] = self.manifests[name, digest] = (manifest["mediaType"], data)
        return Reference(self.repository(name), digest=digest)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=1 << 30, middlewares=[self.guard])
        app.router.add_get("/token", self.token)
        app.router.add_get("/elsewhere/{digest}", self.elsewhere)
        app.router.add_post("/v2/{name:.+}/blobs/uploads/", self.begin)
        app.router.add_route("*", "/v2/{name:.+}/blobs/uploads/{id}", self.upload)
        app.router.add_route("*", "/moved/{name:.+}/{id}", self.upload)
        app.router.add_get("/v2/{name:.+}/blobs/{digest}", self.blob)
        app.router.add_get("/v2/{name:.+}/manifests/{ref}", self.manifest)
        app.router.add_put("/v2/{name:.+}/manifests/{ref}", self.put_manifest)
        return app

    @web.middleware
    async def guard(self, request: web.Request, handler) -> web.StreamResponse:
        self.log.append(f"{request.method} {request.path}")
        if request.path.startswith(("/token", "/elsewhere")):
            return await handler(request)
        if self.busy:
            self.busy -= 1
            return web.Response(status=503, headers={"Retry-After": "0"})
        if self.bearer and request.headers.get("Authorization") != f"Bearer {'+'.join(self.scopes(request))}":
            challenge = f'Bearer realm="http://{self.host}/token",service="fake",scope="x"'
            return web.json_response({}, status=401, headers={"WWW-Authenticate": challenge})
        if self.largest is not None and (request.content_length or 0) > self.largest:
            return web.Response(status=413)
        return await handler(request)

    def scopes(self, request: web.Request) -> list[str]:
        name = request.match_info["name"]
        scopes = [f"repository:{name}:{'pull' if request.method in ('GET', 'HEAD') else 'pull,push'}"]
        return scopes + ([f"repository:{request.query['from']}:pull"] if "from" in request.query else [])

    async def token(self, request: web.Request) -> web.Response:
        if self.login and request.headers.get("Authorization") != self.login:
            return web.Response(status=401)
        scopes = request.query.getall("scope")
        self.tokens.append("+".join(scopes))
        return web.json_response({"token": self.tokens[-1], "expires_in": 300})

    async def elsewhere(self, request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers or request.host == self.host
        return web.Response(body=next(d for (_, k), d in self.blobs.items() if k == request.match_info["digest"]))

    async def begin(self, request: web.Request) -> web.Response:
        name, query = request.match_info["name"], request.query
        if not self.may_push:
            return web.json_response({"errors": [{"code": "DENIED", "message": "not you"}]}, status=403)
        if self.mounts and (query.get("from"), query.get("mount")) in self.blobs:
            self.blobs[name, query["mount"]] = self.blobs[query["from"], query["mount"]]
            return web.Response(status=201)
        number = str(len(self.uploads))
        self.uploads[number] = b""
        return web.Response(status=202, headers={"Location": f"/v2/{name}/blobs/uploads/{number}?_state=a%2Fb%3D"})

    async def upload(self, request: web.Request) -> web.Response:
        name, number = request.match_info["name"], request.match_info["id"]
        assert request.rel_url.raw_query_string.startswith("_state=a%2Fb%3D"), "quoted anew"
        if self.redirects and not request.path.startswith("/moved"):
            return web.Response(
                status=307, headers={"Location": f"/moved/{name}/{number}?{request.rel_url.raw_query_string}"}
            )
        if request.method == "DELETE":
            del self.uploads[number]
            return web.Response(status=204)
        if request.method == "PATCH" and self.breaks:
            self.breaks -= 1
            await request.content.readexactly(10)
            request.transport.abort()
        start, data = len(self.uploads[number]), await request.read()
        if told := request.headers.get("Content-Range"):
            assert told == f"{start}-{start + len(data) - 1}"
        self.uploads[number] += data
        if request.method == "PATCH":
            return web.Response(status=202, headers={"Location": f"{request.path}?_state=a%2Fb%3D"})
        found = self.add_blob(name, self.uploads.pop(number))["digest"]
        return web.Response(status=201 if found == request.query["digest"] else 400)

    async def blob(self, request: web.Request) -> web.Response:
        key = request.match_info["name"], request.match_info["digest"]
        if key not in self.blobs:
            return web.Response(status=404)
        if self.redirects and request.method == "GET":
            port = self.host.rpartition(":")[2]
            return web.Response(status=307, headers={"Location": f"http://localhost:{port}/elsewhere/{key[1]}"})
        return web.Response(body=self.blobs[key])

    async def manifest(self, request: web.Request) -> web.Response:
        key = request.match_info["name"], request.match_info["ref"]
        if key not in self.manifests:
            return web.json_response({"errors": [{"code": "MANIFEST_UNKNOWN"}]}, status=404)
        kind, data = self.manifests[key]
        digest = {"Docker-Content-Digest": "sha256:" + hashlib.sha256(data).hexdigest()} if self.tells_digest else {}
        return web.Response(body=data, content_type=kind, headers=digest)

    async def put_manifest(self, request: web.Request) -> web.Response:
        name, data = request.match_info["name"], await request.read()
        for entry in [(m := json.loads(data))["config"], *m["layers"]]:
            assert (name, entry["digest"]) in self.blobs, "a manifest before its blobs"
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        for key in (request.match_info["ref"], digest):
            self.manifests[name, key] = (request.content_type, data)
        return web.Response(status=201)


@pytest.fixture
async def fake() -> AsyncIterator[Registry]:
    registry = Registry()
    async with TestServer(registry.application()) as server:
        registry.host = f"127.0.0.1:{server.port}"
        yield registry
