"""A fixture: a bucket of its own on the test cluster's S3 server.

Import `s3_bucket` into a ``conftest.py`` or a test module. Tests that use it are marked ``cluster``.
"""

from __future__ import annotations

import os
import secrets
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import obstore
import pytest
from obstore.store import S3Store

from k8snb.artifacts.store import Store, open_store


@dataclass(frozen=True)
class Bucket:
    """A bucket and how to reach it; `credentials` under the names that they have in a process's environment."""

    uri: str
    endpoint: str
    credentials: dict[str, str]

    def open(self, prefix: str = "k8snb") -> Store:
        return open_store(f"{self.uri}/{prefix}", endpoint=self.endpoint, credentials=self.credentials)

    @property
    def environment(self) -> dict[str, str]:
        return {**self.credentials, "AWS_ENDPOINT_URL": self.endpoint}


@pytest.fixture
def s3_bucket():
    """Make an empty bucket, and delete it with what is in it."""
    with temporary_bucket() as bucket:
        yield bucket


@contextmanager
def temporary_bucket():
    """Make an empty bucket, and delete it with what is in it: the server has room for a few only."""
    endpoint = os.environ["K8SNB_TEST_S3_ENDPOINT"]
    credentials = {
        "AWS_ACCESS_KEY_ID": os.environ["K8SNB_TEST_S3_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": os.environ["K8SNB_TEST_S3_SECRET_KEY"],
    }
    bucket = Bucket(f"s3://k8snb-test-{secrets.token_hex(6)}", endpoint, credentials)
    _request(bucket, "PUT")
    try:
        yield bucket
    finally:
        open_store(bucket.uri, endpoint=endpoint, credentials=credentials).delete_tree("")
        _request(bucket, "DELETE")


def _request(bucket: Bucket, method: str) -> None:
    store = S3Store.from_url(
        bucket.uri,
        endpoint=bucket.endpoint,
        access_key_id=bucket.credentials["AWS_ACCESS_KEY_ID"],
        secret_access_key=bucket.credentials["AWS_SECRET_ACCESS_KEY"],
        client_options={"allow_http": True},
    )
    address = obstore.sign(store, method, "", timedelta(minutes=1))
    urllib.request.urlopen(urllib.request.Request(address, method=method)).close()
