"""Data in a bucket are read where they are."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import k8snb
from k8snb.distributions import addresses
from k8snb.errors import InputError
from tests.fixtures_s3 import Bucket, s3_bucket

__all__ = ["s3_bucket"]

pytestmark = pytest.mark.cluster


def written(write, values):
    file = io.BytesIO()
    write(pa.table({"x": values}), file)
    return file.getvalue()


@pytest.fixture
def bucket(s3_bucket: Bucket, monkeypatch):
    store, rows = s3_bucket.open("data"), np.arange(1000.0)
    store.put("rows.parquet", written(pq.write_table, rows))
    store.put("rows.feather", written(pyarrow.feather.write_feather, rows))
    store.put("rows.csv.gz", gzip.compress("\n".join(["x", *map(str, rows)]).encode()))
    store.put("many/0.parquet", written(pq.write_table, rows[:400]))
    store.put("many/1.parquet", written(pq.write_table, rows[400:]))
    store.put("many/_SUCCESS", b"")
    store.put("notes/0.csv", b"x\n1\n")
    store.put("notes/1.csv", b"x\n1\n")
    monkeypatch.setattr(addresses, "_known", [])
    for name, value in s3_bucket.environment.items():
        monkeypatch.setenv(name, value)
    return f"{s3_bucket.uri}/data"


def test_files_and_folders(bucket):
    paths = ["rows.parquet", "rows.feather", "rows.csv.gz", "many", "many/"]
    found = k8snb.skew(**{f"set_{i}": f"{bucket}/{path}" for i, path in enumerate(paths)})
    assert [one.rows for one in found.statistics.sets] == [1000] * 5
    assert {finding.distances.psi for finding in found.findings} == {0.0}
    for one in found.statistics.features[0].statistics:
        assert one.quantiles == pytest.approx(np.percentile(range(1000), range(101)).tolist())


def test_what_is_not_there_is_told(bucket):
    with pytest.raises(InputError, match="there is nothing at"):
        k8snb.skew(f"{bucket}/rows.parq", [1])
    with pytest.raises(InputError, match="a folder of 2 files that are no Parquet files"):
        k8snb.skew(f"{bucket}/notes", [1])


def test_a_bucket_is_opened_by_who_knows_it(bucket, s3_bucket, monkeypatch):
    for name in s3_bucket.environment:
        monkeypatch.delenv(name)
    asked = []

    def opens(folder):
        asked.append(folder)
        return s3_bucket.open("data")

    addresses.know(opens)
    assert k8snb.skew(one=f"{bucket}/rows.parquet").statistics.sets[0].rows == 1000
    assert asked == [bucket]
