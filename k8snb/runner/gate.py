"""The gate of a step: data sets that must not have drifted apart when its cell has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8snb.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8snb.runner.spec import Gate


def held_up(gate: Gate, namespace: dict[str, Any], show: Callable[[Any], None]) -> Exception | None:
    """Compare data sets and show what was found.

    Parameters
    ----------
    gate : Gate
    namespace : dict
        What the names of the sets are bound to.
    show : callable

    Returns
    -------
    Exception or None
        SkewError: they have drifted; InputError: what cannot be compared.
    """
    from k8snb.distributions.skew import skew

    if lost := [name for name in gate.sets.values() if name not in namespace]:
        return InputError(f"--skew names {', '.join(lost)}, which the cell has deleted", where="the step's line")
    try:
        found = skew(**{called: namespace[name] for called, name in gate.sets.items()}, **gate.limits)
        show(found)
        found.check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the step does not pass
        return error
    return None
