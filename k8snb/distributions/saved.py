"""Statistics and thresholds as plain JSON, and back: how they come from a pod and stay in a run's record."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from k8snb.distributions.model import VERSION, DataSet, Distances, Feature, Labels, Numbers, Statistics
from k8snb.distributions.verdict import Thresholds
from k8snb.errors import HistoryError


def dump(statistics: Statistics, thresholds: Thresholds) -> dict[str, Any]:
    """Return what JSON can say of both; no number in it is infinite or NaN."""
    return {"version": VERSION, "thresholds": asdict(thresholds), "statistics": asdict(statistics)}


def load(said: dict[str, Any]) -> tuple[Statistics, Thresholds]:
    """Return what `dump` was given.

    Raises
    ------
    HistoryError
        It is of a newer version.
    """
    if said["version"] > VERSION:
        raise HistoryError(
            f"these statistics are of version {said['version']}, which this k8snb does not know", fix="update k8snb"
        )
    told = said["statistics"]
    return (
        Statistics(
            tuple(DataSet(**one) for one in told["sets"]),
            tuple(_feature(one) for one in told["features"]),
            tuple((name, why) for name, why in told["refused"]),
        ),
        Thresholds(**said["thresholds"]),
    )


def _feature(said: dict[str, Any]) -> Feature:
    return Feature(
        said["name"],
        tuple(said["kinds"]),
        tuple(said["types"]),
        tuple(_statistics(one) for one in said["statistics"]),
        tuple(said["edges"]),
        tuple(said["labels"]),
        tuple(None if one is None else Distances(**one) for one in said["distances"]),
    )


def _statistics(said: dict[str, Any] | None) -> Numbers | Labels | None:
    if said is None:
        return None
    if "distinct" in said:
        new = tuple((label, count) for label, count in said["new"])
        return Labels(**{**said, "counts": tuple(said["counts"]), "new": new})
    return Numbers(**{**said, "quantiles": tuple(said["quantiles"]), "buckets": tuple(said["buckets"])})
