"""The artifact store: named bytes in a bucket or a folder, and errors that say what is wrong with it.

It runs inside the pod too, so it imports obstore and little else.
"""

from __future__ import annotations

import io
import os
import re
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store

from k8snb.artifacts import direct
from k8snb.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from typing_extensions import Buffer

PART_BYTES = 16 * 1024 * 1024
"""Bytes of one object of a remote store at most: several are on their way at a time."""

Names = list[str]  # inside Store that word is its method

_PIECE = 1024 * 1024
_SIGNED = timedelta(minutes=15)  # S3's own tolerance of clocks that differ

_CLIENT = {"connect_timeout": "5s", "timeout": "300s"}
_RETRY = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
# A check is about whether the store answers at all: it gives up in seconds.
_CHECK_CLIENT = {"connect_timeout": "2s", "timeout": "4s"}
_CHECK_RETRY = {"max_retries": 0, "retry_timeout": timedelta(seconds=4)}

_STATIC_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class NotFound(StoreError):
    """There is no object of that name."""


def place_of(uri: str, endpoint: str = "", region: str = "") -> str:
    """Return the address of a store in words."""
    del region  # tells nobody anything
    return f"{uri} at {endpoint}" if endpoint else uri


class Store:
    """Named bytes in a bucket or a folder.

    Made by `open_store`. May be used from several threads at once.

    Parameters
    ----------
    connect : callable
        Makes the obstore store from client options and a retry configuration.
    uri : str
        The address.
    endpoint, region : str, optional
        Where it is besides.
    root : Path, optional
        The folder of a local store.
    """

    def __init__(
        self,
        connect: Callable[..., Any],
        uri: str,
        *,
        endpoint: str | None = None,
        region: str | None = None,
        root: Path | None = None,
    ) -> None:
        self.uri, self.root = uri, root
        given = {"uri": uri, "endpoint": endpoint, "region": region}
        self.address = {name: value for name, value in given.items() if value}
        """What `open_store` takes; no credentials."""
        self.place = place_of(**self.address)
        """The address in words, for messages."""
        self.part_bytes = PART_BYTES if root is None else None
        """Bytes of a blob at most; None: no limit (a file is mapped as one piece)."""
        self._connect = connect
        self._store = connect(_CLIENT, _RETRY)

    def __repr__(self) -> str:
        return f"<Store {self.place}>"

    def put(self, path: str, data: Buffer) -> None:
        """Write an object whole, in place of one that may be there; readers see the old or the new one."""
        with self.errors("write", path):
            obstore.put(self._store, path, memoryview(data), use_multipart=False)

    def get(self, path: str) -> bytes:
        """Read an object.

        Raises
        ------
        NotFound
            There is none of that name.
        """
        with self.errors("read", path):
            return obstore.get(self._store, path).bytes().to_bytes()

    def read_into(self, path: str, place: memoryview) -> Iterator[memoryview]:
        """Fill `place` with an object of that many bytes, and yield each piece of it once it is there.

        It ends early where the object has another size.
        """
        start = 0
        for piece in self._read_direct(path, place):
            yield piece
            start += piece.nbytes
        if start == place.nbytes > 0:
            return
        with self.errors("read", path):
            found = obstore.get(self._store, path, options={"range": {"offset": start}} if start else None)
            if found.meta["size"] != place.nbytes:
                return
            for chunk in found.stream(min_chunk_size=_PIECE):
                piece = place[start : start + len(chunk)]
                piece[:] = chunk
                yield piece
                start += piece.nbytes

    def _read_direct(self, path: str, place: memoryview) -> Iterator[memoryview]:
        if self.root is not None or place.nbytes < PART_BYTES:
            return
        with self.errors("read", path):
            url = obstore.sign(self._store, "GET", path, _SIGNED)
        if direct.possible(url):
            yield from direct.read(url, place, _PIECE)

    def reader(self, path: str) -> io.RawIOBase:
        """Return an object as a file that can be read anywhere in it; raises what `get` does."""
        with self.errors("read", path):
            return _File(obstore.open_reader(self._store, path))

    def exists(self, path: str) -> bool:
        """Whether there is an object of that name."""
        try:
            with self.errors("look at", path):
                obstore.head(self._store, path)
        except NotFound:
            return False
        return True

    def list(self, prefix: str = "") -> Names:
        """Names of the objects in the folder `prefix` and those below it, sorted."""
        with self.errors("list", prefix):
            return sorted(meta["path"] for batch in obstore.list(self._store, prefix) for meta in batch)

    def folders(self, prefix: str = "") -> Names:
        """Names of the folders directly in the folder `prefix`, sorted; quick however much is in them."""
        with self.errors("list", prefix):
            found = obstore.list_with_delimiter(self._store, prefix)["common_prefixes"]
        return sorted(path.rstrip("/").rpartition("/")[2] for path in found)

    def delete(self, path: str) -> None:
        """Delete an object; it need not be there."""
        self._delete([path])

    def delete_tree(self, prefix: str) -> None:
        """Delete the objects in the folder `prefix` and those below it."""
        self._delete(self.list(prefix))

    def local_path(self, path: str) -> Path | None:
        """Where a local store keeps the object; None for a remote store."""
        return None if self.root is None else self.root / path

    def check(self) -> None:
        """Write, read and delete a small object.

        Raises
        ------
        StoreError
            What is wrong: unreachable, no such bucket, wrong credentials, or a permission that is missing. Within
            seconds.
        """
        store = self._connect(_CHECK_CLIENT, _CHECK_RETRY)
        probe = f"checks/{os.getpid()}-{time.time_ns()}"
        # Some servers make a bucket when something is put into it, so its being there is asked for first.
        with self.errors("list", "checks"):
            obstore.list(store, "checks", chunk_size=1).collect()
        with self.errors("write", probe):
            obstore.put(store, probe, b"k8snb", use_multipart=False)
        with self.errors("read", probe):
            obstore.get(store, probe).bytes()
        with self.errors("delete", probe):
            obstore.delete(store, probe)

    def _delete(self, paths: Names) -> None:
        if not paths:
            return
        try:
            with self.errors("delete", paths[0]):
                obstore.delete(self._store, paths)
        except NotFound:
            for path in paths if len(paths) > 1 else ():
                self._delete([path])

    @contextmanager
    def errors(self, doing: str, path: str) -> Iterator[None]:
        """Turn what obstore and the file system raise into a `StoreError` about doing something to an object."""
        try:
            yield
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise _explain(error, self, doing, path) from None


class _File(io.RawIOBase):
    """What obstore reads from, as a file of Python's."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._reader.seek(offset, whence))

    def tell(self) -> int:
        return int(self._reader.tell())

    def readinto(self, place: Any, /) -> int:
        data = self._reader.read(len(place))
        place[: len(data)] = data
        return len(data)


def open_store(
    uri: str,
    *,
    endpoint: str | None = None,
    region: str | None = None,
    credentials: Mapping[str, str] | None = None,
    make: bool = True,
) -> Store:
    """Open the artifact store at an address; touches no network.

    Parameters
    ----------
    uri : str
        ``s3://bucket/prefix``, ``gs://bucket/prefix``, ``az://container/prefix``, ``file:///folder``, or an absolute
        local folder, which is made if need be.
    endpoint : str, optional
        Address of another S3 (or Azure) server: ``http://minio:9000``. Buckets are addressed by path.
    region : str, optional
        The bucket's region; by default the environment's, else us-east-1.
    credentials : mapping, optional
        By their names in the environment: ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``.
        By default the environment, the user's AWS profile, and what the cloud gives its machines and pods.
    make : bool
        Make a folder that is not there.

    Raises
    ------
    NotFound
        A folder is not there, and is not to be made.
    StoreError
        The address is of no known kind.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, prefix = rest.partition("/")
    if Path(uri).is_absolute() or scheme == "file":
        return _open_folder(uri, make=make)
    if scheme not in {"s3", "gs", "az"} or not bucket:
        raise StoreError(
            f"{uri!r} is not the address of an artifact store",
            fix="use s3://bucket/prefix, gs://bucket/prefix, az://container/prefix, or an absolute folder",
        )
    config: dict[str, Any] = {k: v for k, v in (credentials or {}).items() if k not in _STATIC_KEYS}
    if endpoint:
        config["endpoint"] = endpoint
    if scheme == "s3":
        config |= {"region": region} if region else {}
        return Store(_s3(bucket, prefix, config, credentials), uri, endpoint=endpoint, region=region)
    kind: Any = GCSStore if scheme == "gs" else AzureStore
    http = {"allow_http": str(endpoint).startswith("http:")}

    def connect(client: dict[str, Any], retry: Any) -> Any:
        return kind(bucket, prefix=prefix or None, config=config, client_options={**client, **http}, retry_config=retry)

    return Store(connect, uri, endpoint=endpoint)


def _open_folder(uri: str, *, make: bool) -> Store:
    if uri.startswith("file:"):
        from urllib.parse import urlsplit
        from urllib.request import url2pathname

        root = Path(url2pathname(urlsplit(uri).path))
    else:
        root = Path(uri)
    if not make and not root.is_dir():
        raise NotFound("there is no such artifact store", where=str(root))
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder of the artifact store cannot be made: {error.strerror}",
            where=str(root),
            fix="name a folder that you may write to",
        ) from None
    return Store(lambda *_: LocalStore(root, automatic_cleanup=True), uri, root=root)


def _s3(bucket: str, prefix: str, config: dict[str, Any], credentials: Mapping[str, str] | None) -> Callable[..., Any]:
    """Return what connects to an S3 bucket."""
    if credentials is None and not _chain(os.environ):
        from k8snb.artifacts.aws_profile import read_profile

        credentials, region = read_profile(os.environ)
        if region:
            config.setdefault("region", region)
    options: dict[str, Any] = {"config": config}
    if credentials and "AWS_ACCESS_KEY_ID" in credentials:
        # Given as a provider, nothing of the environment (a session's token of other keys) is mixed in.
        key, secret, token = (credentials.get(name) for name in _STATIC_KEYS)
        given = {"access_key_id": key, "secret_access_key": secret, "token": token, "expires_at": None}
        options["credential_provider"] = lambda: given
    elif "endpoint" in config and not _chain(credentials or os.environ):
        raise StoreError(
            "there are no credentials for the artifact store",
            where=f"s3://{bucket} at {config['endpoint']}",
            fix="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    config.setdefault("virtual_hosted_style_request", False)
    config.setdefault("unsigned_payload", True)  # each blob's digest is checked when it is read

    def connect(client: dict[str, Any], retry: Any) -> Any:
        http: Any = {**client, "allow_http": True}  # an https address stays https
        return S3Store(bucket, prefix=prefix or None, client_options=http, retry_config=retry, **options)

    return connect


def _chain(environment: Mapping[str, str]) -> list[str]:
    """Names in the environment by which AWS credentials come to a process."""
    names = (
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    )
    return [name for name in names if environment.get(name)]


_CAUSES = (
    # what the message holds, what is wrong, the way out
    (r"NoSuchBucket|specified bucket does not exist", "there is no such bucket", "create it, or correct the address"),
    (r"SignatureDoesNotMatch", "the store refuses the credentials: the secret key is wrong", "AWS_SECRET_ACCESS_KEY"),
    (r"InvalidAccessKeyId", "the store refuses the credentials: it does not know the access key", "AWS_ACCESS_KEY_ID"),
    (r"ExpiredToken|token has expired", "the credentials have expired", "log in again (aws sso login)"),
    (r"without LOCATION|PermanentRedirect|AuthorizationHeaderMalformed", "the bucket is in another region", "region"),
    (r"169\.254\.169\.254|169\.254\.170\.|[Cc]redential", "no credentials for the store were found", "AWS_PROFILE"),
    (r"dns error|Name or service not known", "the store cannot be reached: its name is not known", "endpoint"),
    (r"kind: (Connect|Timeout)|error sending request|timed out", "the store cannot be reached", "endpoint"),
    (r"No space left", "the disk of the store is full", "make room, or name another folder"),
)
_FIXES = {
    "AWS_SECRET_ACCESS_KEY": "check AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID": "check AWS_ACCESS_KEY_ID, and that it belongs to this store",
    "AWS_PROFILE": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "endpoint": "check the stack's artifact_store (uri, endpoint) and that the network lets you through",
    "region": "set the region of the stack's artifact_store",
}


def _explain(error: Exception, store: Store, doing: str, path: str) -> StoreError:
    """Turn an error of obstore into one that says what, where and the way out."""
    text = str(error)
    where = f"{store.place}, {path}" if path else store.place
    for pattern, what, fix in _CAUSES:
        if re.search(pattern, text):
            return StoreError(what, where=where, fix=_FIXES.get(fix, fix))
    if isinstance(error, FileNotFoundError):
        if doing == "write":  # only a bucket can be missing there
            return StoreError(
                "there is no such bucket, or no store at this address", where=where, fix=_FIXES["endpoint"]
            )
        return NotFound("there is no such object in the artifact store", where=where)
    if isinstance(error, PermissionError | obstore.exceptions.PermissionDeniedError) or "403" in text:
        fix = f"permit these credentials to {doing} there (s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket)"
        return StoreError(f"the store does not permit to {doing}", where=where, fix=fix)
    if isinstance(error, obstore.exceptions.UnauthenticatedError):
        return StoreError("the store refuses the credentials", where=where, fix=_FIXES["AWS_ACCESS_KEY_ID"])
    reason = text.partition("\n\nDebug source")[0]
    return StoreError(f"the artifact store fails to {doing}: {reason}", where=where, fix="try again; see the reason")
