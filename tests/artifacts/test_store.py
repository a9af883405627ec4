from __future__ import annotations

import os
import socket
import socketserver
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import obstore
import pytest

from k8snb.artifacts import direct
from k8snb.artifacts.aws_profile import read_profile
from k8snb.artifacts.store import PART_BYTES, NotFound, open_store
from k8snb.errors import StoreError

cluster = pytest.mark.cluster
MIB = 2**20


@pytest.fixture(params=["folder", pytest.param("s3", marks=cluster)])
def any_store(request, tmp_path):
    return open_store(str(tmp_path / "s")) if request.param == "folder" else request.getfixturevalue("s3_bucket").open()


def test_objects_come_and_go(any_store):
    any_store.put("runs/a/1", b"one")
    any_store.put("runs/a/2", memoryview(bytearray(b"two")))
    any_store.put("runs/ab", b"three")
    assert any_store.get("runs/a/2") == b"two"
    assert any_store.exists("runs/a/1")
    assert not any_store.exists("runs/a")
    assert any_store.list("runs") == ["runs/a/1", "runs/a/2", "runs/ab"]
    assert any_store.list("runs/a") == ["runs/a/1", "runs/a/2"]
    any_store.put("runs/ab", b"other")
    assert any_store.get("runs/ab") == b"other"
    any_store.delete("runs/ab")
    any_store.delete("runs/ab")
    any_store.delete_tree("runs")
    any_store.delete_tree("runs")
    assert any_store.list() == []


def test_folders_are_those_directly_below(any_store):
    for path in ("runs/b/record.json", "runs/b/step/1/log/000000", "runs/a/record.json", "runs/file", "other/c/x"):
        any_store.put(path, b"")
    assert any_store.folders("runs/") == ["a", "b"]
    assert any_store.folders() == ["other", "runs"]
    assert any_store.folders("none/") == []


def test_what_is_missing_is_named(any_store):
    with pytest.raises(NotFound) as caught:
        any_store.get("runs/none")
    assert "runs/none" in caught.value.where
    assert any_store.uri in caught.value.where


def test_check_leaves_nothing_behind(any_store):
    any_store.check()
    assert any_store.list() == []


def read(store, name, size):
    """Read an object into memory of that size; what came and its pieces."""
    place = bytearray(size)
    pieces = [bytes(piece) for piece in store.read_into(name, memoryview(place))]
    return bytes(place), b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, 5_000_000, PART_BYTES])
def test_an_object_is_read_into_memory(any_store, size):
    data = os.urandom(size)
    any_store.put("x", data)
    assert read(any_store, "x", size) == (data, data)


@pytest.mark.parametrize("size", [100, PART_BYTES])
@pytest.mark.parametrize("more", [-1, 1])
def test_an_object_of_another_size_is_not_read(any_store, size, more):
    any_store.put("x", bytes(size + more))
    assert read(any_store, "x", size)[1] == b""


def test_what_is_not_there_is_not_read_into_memory(any_store):
    for size in (1, PART_BYTES):
        with pytest.raises(NotFound):
            read(any_store, "x", size)


@cluster
def test_a_large_object_comes_straight_from_the_server(s3_bucket, monkeypatch):
    store, data = s3_bucket.open(), os.urandom(PART_BYTES)
    store.put("x", data)
    monkeypatch.setattr(obstore, "get", lambda *_, **__: pytest.fail("read through obstore"))
    assert read(store, "x", PART_BYTES) == (data, data)


@cluster
@pytest.mark.parametrize("name", ["http_proxy", "ALL_PROXY"])
def test_a_large_object_comes_through_a_proxy_where_there_is_one(s3_bucket, monkeypatch, name):
    store, data = s3_bucket.open(), os.urandom(PART_BYTES)
    store.put("x", data)
    monkeypatch.setenv(name, "http://127.0.0.1:9")  # `store` was opened before, and does not know it
    monkeypatch.setattr(direct, "read", lambda *_: pytest.fail("read past the proxy"))
    assert read(store, "x", PART_BYTES) == (data, data)


@cluster
@pytest.mark.parametrize("after", [0, 10, 3_000_000])
def test_a_connection_that_breaks_is_taken_up_where_it_broke(s3_bucket, after):
    store, data = s3_bucket.open(), os.urandom(PART_BYTES)
    store.put("x", data)
    with cutting(s3_bucket.endpoint, after) as (endpoint, sent):
        store = replace(s3_bucket, endpoint=endpoint).open()
        assert read(store, "x", PART_BYTES) == (data, data)
    assert len(sent) == 2
    assert sent[0] == after
    assert sent[1] <= PART_BYTES - after // MIB * MIB + 10_000  # what was there already is not sent again


@contextmanager
def cutting(endpoint, after):
    """Stand in front of a server: the first connection breaks after so many bytes of the answer."""
    address = urlsplit(endpoint)
    sent = []

    class Between(socketserver.BaseRequestHandler):
        def handle(self):
            number = len(sent)
            sent.append(0)
            with socket.create_connection((address.hostname, address.port)) as server:
                request = self.request.recv(65536)  # a GET is one short piece
                server.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                while data := server.recv(65536):
                    data = data[: after - sent[0]] if number == 0 else data
                    self.request.sendall(data)
                    sent[number] += len(data)
                    if number == 0 and sent[0] == after:
                        return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Between) as proxy:
        threading.Thread(target=proxy.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}", sent
        finally:
            proxy.shutdown()


def test_the_forms_of_a_local_address(tmp_path):
    plain, url = open_store(str(tmp_path / "a b")), open_store((tmp_path / "a b").as_uri())
    plain.put("x", b"1")
    assert url.get("x") == b"1"
    assert plain.local_path("x").read_bytes() == b"1"
    assert plain.part_bytes is None


@pytest.mark.parametrize("uri", ["relative/folder", "s3://", "ftp://host/x", ""])
def test_an_address_of_no_known_kind(uri):
    with pytest.raises(StoreError, match="not the address of an artifact store") as caught:
        open_store(uri)
    assert "s3://bucket/prefix" in caught.value.fix


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(str(tmp_path / "file" / "store"))


def test_readers_never_see_half_an_object(store):
    old, new = b"a" * 3_000_000, b"b" * 3_000_000
    store.put("x", old)
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(store.get("x"))

    reader = threading.Thread(target=read)
    reader.start()
    for data in [new, old] * 10:
        store.put("x", data)
    done.set()
    reader.join()
    assert seen <= {old, new}


@cluster
def test_a_remote_store_has_parts_and_no_paths(s3_bucket):
    store = s3_bucket.open()
    assert store.part_bytes == PART_BYTES
    assert store.local_path("x") is None


@cluster
def test_prefixes_keep_stores_apart(s3_bucket):
    one, other = s3_bucket.open("one"), s3_bucket.open("other/deeper")
    one.put("x", b"1")
    other.put("x", b"2")
    assert (one.get("x"), other.get("x"), one.list()) == (b"1", b"2", ["x"])


@cluster
@pytest.mark.parametrize(
    ("name", "what"),
    [("AWS_SECRET_ACCESS_KEY", "secret key is wrong"), ("AWS_ACCESS_KEY_ID", "does not know the access key")],
)
def test_wrong_credentials(s3_bucket, name, what):
    store = open_store(s3_bucket.uri, endpoint=s3_bucket.endpoint, credentials={**s3_bucket.credentials, name: "wrong"})
    for ask in (store.check, lambda: store.get("x"), lambda: store.put("x", b""), store.list):
        with pytest.raises(StoreError, match=what) as caught:
            ask()
        assert name in caught.value.fix
        assert s3_bucket.endpoint in caught.value.where


@cluster
def test_credentials_come_from_the_environment(s3_bucket, monkeypatch):
    for name, value in s3_bucket.environment.items():
        monkeypatch.setenv(name, value)
    open_store(s3_bucket.uri).check()
    # Given ones are not mixed with a token that belongs to others.
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-other-keys")
    s3_bucket.open().check()


@cluster
def test_a_bucket_that_is_not_there(s3_bucket):
    store = open_store(s3_bucket.uri + "-not", endpoint=s3_bucket.endpoint, credentials=s3_bucket.credentials)
    with pytest.raises(StoreError, match="no such bucket"):
        store.check()


def test_an_endpoint_where_nothing_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        _assert_unreachable(endpoint)


def test_an_endpoint_that_does_not_answer():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _assert_unreachable(f"http://127.0.0.1:{silent.getsockname()[1]}")


def test_an_endpoint_without_credentials(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StoreError, match="no credentials"):
        open_store("s3://bucket/x", endpoint="http://127.0.0.1:1")


def _assert_unreachable(endpoint):
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    store = open_store("s3://bucket/x", endpoint=endpoint, credentials=keys)
    start = time.monotonic()
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        store.check()
    assert time.monotonic() - start < 10
    assert endpoint in caught.value.where


def test_the_profile_gives_keys_and_region(tmp_path):
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = A\naws_secret_access_key = S%1\n")
    (tmp_path / "config").write_text("[profile work]\nregion = eu-central-1\n")
    files = {
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
    }
    keys, region = read_profile({**files, "AWS_PROFILE": "work"})
    assert (keys, region) == ({"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S%1"}, "eu-central-1")
    assert read_profile(files) == (None, None)


def test_a_profile_that_logs_in_names_the_way_out(tmp_path):
    (tmp_path / "config").write_text("[default]\nsso_session = corp\n")
    with pytest.raises(StoreError) as caught:
        read_profile({"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no")})
    assert "export-credentials --profile default" in caught.value.fix


def test_a_store_that_may_be_read_only():
    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<ListBucketResult></ListBucketResult>")

        def do_PUT(self):
            self.send_response(403)
            self.end_headers()
            self.wfile.write(b"<Error><Code>AccessDenied</Code></Error>")

        def log_message(self, *_): ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever).start()
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        store = open_store("s3://bucket/x", endpoint=f"http://127.0.0.1:{server.server_port}", credentials=keys)
        with pytest.raises(StoreError, match="does not permit to write") as caught:
            store.check()
        server.shutdown()
    assert "s3:PutObject" in caught.value.fix
