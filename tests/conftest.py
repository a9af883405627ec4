"""Shared by all tests: what the machine has."""

from __future__ import annotations

import os

import hypothesis
import pytest

hypothesis.settings.register_profile("k8snb", deadline=None)  # how long something takes is for benchmarks
hypothesis.settings.load_profile("k8snb")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the test cluster where there is none; with ``K8SNB_TEST_REQUIRE=all`` that is a failure.

    One process runs all of it: some tests fill or tear down what others need.
    """
    cluster = [item for item in items if item.get_closest_marker("cluster")]
    for item in cluster:
        item.add_marker(pytest.mark.xdist_group("cluster"))
    if "K8SNB_TEST_S3_ENDPOINT" in os.environ:
        return
    if os.environ.get("K8SNB_TEST_REQUIRE") == "all":
        pytest.exit("K8SNB_TEST_REQUIRE=all, but no test cluster: run tests/cluster/up and source the file it names", 3)
    skip = pytest.mark.skip(reason="no test cluster: run tests/cluster/up and source the file it names")
    for item in cluster:
        item.add_marker(skip)
