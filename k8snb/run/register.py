"""Registers a stack: its words checked, then its parts, then written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from k8snb.errors import StackError, suggest
from k8snb.orchestrators.kubernetes.kubeconfig import WRITE_ONE, Context, contexts
from k8snb.run.check import Outcome
from k8snb.stacks import edit
from k8snb.stacks.fields import Fields
from k8snb.stacks.load import load
from k8snb.stacks.model import Stack

KUBERNETES = "kubernetes"


def register(
    folder: Path,
    name: str,
    fields: Fields,
    *,
    check: Callable[[Stack], Sequence[Outcome]] | None,
    overwrite: bool = False,
    user: bool = False,
) -> edit.Draft:
    """Write a new stack to the project's stack file.

    Parameters
    ----------
    folder : Path
        The project's.
    name : str
    fields : Fields
        Without a context, a stack of kind kubernetes gets the kubeconfig's current one: which that is may change.
    check : callable or None
        Returns what was found out about the stack's parts; None: it is not checked.
    overwrite : bool
        It may take the place of one of the name.
    user : bool
        Into the user's own file.

    Returns
    -------
    Draft
        What was written.

    Raises
    ------
    StackError
        What of it cannot be, or which part does not work; nothing was written.
    ClusterError
        The kubeconfig is broken.
    """
    extended = load(folder).by_name.get(fields.extends or "")
    kubeconfig = extended.orchestrator.settings.get("kubeconfig") if extended else None
    draft = edit.draft(folder, name, _in_context(fields, kubeconfig), replace=overwrite, user=user)
    failed = [outcome for outcome in check(draft.stack) if outcome.error] if check is not None else []
    if failed:
        raise _not_saved(name, failed)
    draft.write()
    return draft


def _in_context(fields: Fields, kubeconfig: str | None) -> Fields:
    """Return the fields with a context that there is."""
    if fields.orchestrator is None and fields.context and not fields.extends:
        fields = replace(fields, orchestrator=KUBERNETES)
    if not fields.context and (fields.orchestrator != KUBERNETES or fields.extends):
        return fields
    chosen = _chosen(fields.context, contexts(kubeconfig))
    if chosen is None or fields.extends:
        return fields
    return replace(fields, context=chosen.name, namespace=fields.namespace or chosen.namespace)


def _chosen(name: str | None, known: Sequence[Context]) -> Context | None:
    """Return the context of a name, the current one without; None where none is current."""
    found = next((c for c in known if (c.is_current if name is None else c.name == name)), None)
    if found is None and name is not None:
        fix = suggest(name, [c.name for c in known]) if known else WRITE_ONE
        raise StackError(f"there is no context {name!r} in the kubeconfig", where="--context", fix=fix)
    return found


def _not_saved(name: str, failed: Sequence[Outcome]) -> StackError:
    """Return the error for a stack whose parts do not work."""
    errors = [(outcome.part, outcome.error) for outcome in failed if outcome.error]
    what = "; ".join(f"the {part} fails: {error.what}" for part, error in errors)
    where = "; ".join(dict.fromkeys(error.where for _, error in errors if error.where))
    fixes = [*dict.fromkeys(error.fix for _, error in errors if error.fix), "--no-check saves it as it is"]
    fix = "; ".join(sorted(fixes, key=lambda text: "\n" in text))  # a command of several lines comes last
    return StackError(f"{name} is not saved: {what}", where=where or None, fix=fix)
