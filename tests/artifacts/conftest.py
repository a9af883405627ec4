"""Fixtures of the artifacts' tests."""

from __future__ import annotations

import pytest
from fixtures_s3 import s3_bucket  # noqa: F401 - a fixture

from k8snb.artifacts.store import open_store


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "store"))
