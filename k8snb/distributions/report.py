"""The verdict as text, and as HTML that needs no script: a table with small pictures."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from k8snb.distributions.model import Feature, Labels, Numbers, Statistics
from k8snb.distributions.verdict import Finding, Thresholds

if TYPE_CHECKING:
    from k8snb.distributions.skew import Skew

_NAMED = 5
"""Features that have drifted and are told of in a line each, above all else."""

ROWS = 20
"""Findings that are shown: those with the greatest distances."""

_MEASURES = (("psi", "PSI"), ("js", "JS"), ("l_infinity", "L∞"), ("ks", "KS"))

_STATES = {"drifted": "✗ drifted", "unsure": "? unsure", "same": "✓ same"}

_COLOURS = {"drifted": "#cf3a36", "unsure": "#8a6100", "same": "#1a7f37"}

_WIDTH, _HEIGHT, _BARS = 80, 20, 10
"""Pixels of a picture, and its bars at most."""


def sentences(skew: Skew) -> list[str]:
    """Return the verdict in a few sentences, the first of which says whether anything has drifted."""
    told = [_of_set(skew, one.name) for one in skew.statistics.sets[1:]]
    if not told:
        only = skew.statistics.sets[0]
        told = [f"{only.name}: {only.rows:,} rows, {_features(len(skew.statistics.features))}; nothing to compare with"]
    if skew.findings:
        told.append(limits(skew.thresholds))
    told += [f"not compared: {name}: {why}" for name, why in skew.statistics.refused]
    if sampled := _sampled(skew.statistics):
        told.append(f"quantiles and distances of {sampled} from evenly chosen rows")
    return told


def text(skew: Skew, findings: Sequence[Finding] | None = None, rows: int | None = ROWS) -> str:
    """Return the verdict and a table as text.

    Parameters
    ----------
    skew : Skew
    findings : sequence of Finding, optional
        Those of its findings that are shown.
    rows : int or None
        How many of them at most; None: all.
    """
    findings = skew.findings if findings is None else findings
    shown = findings[:rows]
    lines = sentences(skew)
    if shown:
        table = [_heads(skew), *(_row(one, skew) for one in shown)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
    if left := len(findings) - len(shown):
        lines.append(f"and {left} more, nearer than these")
    return "\n".join(lines)


def table(skew: Skew, rows: int | None = ROWS) -> str:
    """Return the verdict and a table as HTML without scripts."""
    shown = skew.findings[:rows]
    first, *more = sentences(skew)
    said = f"<strong>{html.escape(first)}</strong>" + "".join(f"<br>{html.escape(one)}" for one in more)
    if named := [one for one in skew.findings if one.state == "drifted"][:_NAMED]:
        said += f"<ul>{''.join(f'<li>{html.escape(why(one, skew))}</li>' for one in named)}</ul>"
    if shown:
        features = {feature.name: feature for feature in skew.statistics.features}
        sets = {one.name: at for at, one in enumerate(skew.statistics.sets)}
        heads = [*_heads(skew), "rows of each value"]
        head = "".join(f'<th scope="col" style="text-align: left">{html.escape(one)}</th>' for one in heads)
        body = "".join(_tr(one, skew, picture(features[one.feature], sets[one.set])) for one in shown)
        said += f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    if left := len(skew.findings) - len(shown):
        said += f'<div style="opacity: 0.7">and {left} more, nearer than these</div>'
    return f"<div>{said}</div>"


def why(finding: Finding, skew: Skew) -> str:
    """Return in a line by which distances a feature has drifted, how surely, and what has changed."""
    of = f" in {finding.set}" if _of_several(skew) else ""
    apart = finding.distances
    by = [f"{called} {getattr(apart, name):.2f}" for name, called in _MEASURES if name in finding.exceeded]
    surely = [] if apart is None else [f"p {_probability(finding.p)}"]
    told = [", ".join([*by, *surely]), *finding.words]
    return _one_line(f"{_name(finding.feature)}{of}: {'; '.join(one for one in told if one)}")


def limits(thresholds: Thresholds) -> str:
    """Return in words where a feature has drifted."""
    told = [f"{called} > {limit:g}" for name, called in _MEASURES if (limit := getattr(thresholds, name)) is not None]
    if not told:
        return (
            "no distance has a threshold: a feature has drifted only where its type has changed or a set has none of it"
        )
    surely = f", and p < {thresholds.alpha:g}" if thresholds.alpha < 1 else ""
    return f"a feature has drifted where {' or '.join(told)}{surely}"


def picture(feature: Feature, at: int) -> str:
    """Return a small picture of a feature in the first data set (grey) and in another (a line), as an ``img``."""
    bars = [_bars(one) for one in (feature.statistics[0], feature.statistics[at])]
    highest = max((share for one in bars for share in one), default=0.0)
    if not highest:
        return ""
    grey, line = (_path([share / highest for share in one]) for one in bars)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">'
        f'<path d="{grey}" fill="#9a9a9a"/><path d="{line}" fill="none" stroke="#1f6fc4" stroke-width="1.5"/></svg>'
    )
    encoded = base64.b64encode(svg.encode()).decode()
    return f'<img alt="" width="{_WIDTH}" height="{_HEIGHT}" src="data:image/svg+xml;base64,{encoded}">'


def _of_set(skew: Skew, name: str) -> str:
    of = [one for one in skew.findings if one.set == name]
    drifted = [_name(one.feature) for one in of if one.state == "drifted"]
    unsure = sum(one.state == "unsure" for one in of)
    sets = skew.statistics.sets
    start = f"{name} compared with {sets[0].name}: "
    features = _features(len(of))
    if not of:
        return f"{start}no feature can be compared"
    count = f"{len(drifted)} of {features} {'has' if len(drifted) == 1 else 'have'} drifted"
    told = f"{count} ({_some(drifted)})" if drifted else f"none of {features} has drifted"
    if unsure:
        told += f"; {unsure} may have, or it is chance: so few rows cannot tell"
    return f"{start}{told}"


def _name(feature: str) -> str:
    return feature or "(no name)"  # as the column of row numbers that pandas writes into a CSV file


def _features(count: int) -> str:
    return f"{count:,} feature{'' if count == 1 else 's'}"


def _some(names: Sequence[str], count: int = 5) -> str:
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more} more" if more > 0 else "")


def _sampled(statistics: Statistics) -> str:
    return _some(
        [
            feature.name
            for feature in statistics.features
            if any(isinstance(one, Numbers) and one.sampled for one in feature.statistics)
        ]
    )


def _of_several(skew: Skew) -> bool:
    """Say whether more than one set is compared with the first: which one is then told."""
    return len(skew.statistics.sets) > 2  # noqa: PLR2004


def _probability(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004


def _heads(skew: Skew) -> list[str]:
    of = ["data set"] if _of_several(skew) else []
    return ["feature", *of, "verdict", *(called for _, called in _MEASURES), "p", "what has changed"]


def _row(finding: Finding, skew: Skew) -> list[str]:
    of = [finding.set] if _of_several(skew) else []
    apart = finding.distances
    numbers = [_number(None if apart is None else getattr(apart, name)) for name, _ in _MEASURES]
    p = "" if apart is None else _probability(finding.p)
    return [
        _one_line(_name(finding.feature)),
        *of,
        _STATES[finding.state],
        *numbers,
        p,
        _one_line("; ".join(finding.words)),
    ]


def _number(distance: float | None) -> str:
    return "" if distance is None else f"{distance:.3f}"


def _one_line(said: str) -> str:
    return "".join(one if one.isprintable() else "�" for one in said)


def _tr(finding: Finding, skew: Skew, drawn: str) -> str:
    cells = [html.escape(cell) for cell in _row(finding, skew)]
    at = cells.index(_STATES[finding.state], 1)  # a feature may be called so
    style = f"background-color: {_COLOURS[finding.state]}; color: #ffffff; border-radius: 3px; padding: 0 4px"
    cells[at] = f'<span style="{style}">{cells[at]}</span>'
    tds = "".join(f'<td style="text-align: left">{cell}</td>' for cell in [*cells[1:], drawn])
    return f'<tr><th scope="row" style="text-align: left">{cells[0]}</th>{tds}</tr>'


def _bars(one: Numbers | Labels | None) -> list[float]:
    if one is None or not one.present:
        return []
    counts: Iterable[int] = one.buckets if isinstance(one, Numbers) else one.counts[:_BARS]
    return [count / one.present for count in counts]


def _path(heights: Sequence[float]) -> str:
    if not heights:
        return ""
    wide = _WIDTH // len(heights)
    steps = "".join(f"V{_HEIGHT - round(height * (_HEIGHT - 2))}h{wide}" for height in heights)
    return f"M0 {_HEIGHT}{steps}V{_HEIGHT}"
