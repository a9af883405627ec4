"""``%k8s_skew`` and ``%k8s_dive``: data of the notebook compared and shown, in the kernel or in a pod."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"
# IPython's magic_arguments have no types.

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from k8snb.analysis.tables import DATA_FILES
from k8snb.errors import suggest
from k8snb.notebook.hooks import Hooks
from k8snb.notebook.lines import parsed, unquoted
from k8snb.notebook.names import Made

if TYPE_CHECKING:
    from k8snb.notebook.session import Session

IN_POD = 256_000_000
"""Bytes of data that are not here yet from which on a pod compares them sooner than they come."""

_STEP = "k8s-skew"
_LIMITS = ("psi", "js", "l_infinity", "ks", "alpha")


@magics_class
class SkewMagics(Magics):
    """Magics that compare data.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    hooks : Hooks
    """

    def __init__(self, shell: Any, hooks: Hooks) -> None:
        super().__init__(shell)
        self._shell, self._hooks = shell, hooks

    @magic_arguments()
    @argument(
        "data",
        nargs="*",
        metavar="DATA",
        help="variables, NAME=VARIABLE, files, s3:// addresses",
    )
    @argument("--psi", type=float, help="population stability index from which on a feature has drifted (0.2)")
    @argument("--js", type=float, help="Jensen-Shannon divergence (0.035)")
    @argument("--l-infinity", type=float, help="greatest difference of a share (0.1)")
    @argument("--ks", type=float, help="Kolmogorov-Smirnov distance (0.18)")
    @argument("--alpha", type=float, help="how likely chance may be (0.05)")
    @argument("--in-pod", action="store_true", help="compare in a pod, however small the data are")
    @argument("--here", action="store_true", help="compare in the kernel, however large they are")
    @line_magic
    def k8s_skew(self, line: str) -> None:
        """Show how data sets differ: what has drifted, and Facets Overview.

        What steps have made and is large is compared in a pod: only statistics come back.

        Example::

            %k8s_skew X_train X_test
            %k8s_skew train=X_train test=X_test serving=s3://bucket/today.parquet --psi 0.1
        """
        args = parsed(self.k8s_skew, line)
        if args.in_pod and args.here:
            raise UsageError("one of --in-pod and --here")
        words = _words(args.data, "%k8s_skew X_train X_test")
        limits = {name: limit for name in _LIMITS if (limit := getattr(args, name)) is not None}
        where = "pod" if args.in_pod else "kernel" if args.here else ""
        _Comparison(self._hooks.session, words, limits).show(where)


@dataclass(frozen=True)
class _Word:
    """A word that stands for data: a file, or an expression that names variables."""

    text: str

    @property
    def is_file(self) -> bool:
        return DATA_FILES.search(self.text) is not None

    @property
    def code(self) -> str:
        return repr(self.text) if self.is_file else self.text


class _Comparison:
    def __init__(self, session: Session, words: Mapping[str, _Word], limits: Mapping[str, float]) -> None:
        self._session, self._words, self._limits = session, words, limits

    def show(self, where: str) -> None:
        """Compare in the kernel or in a pod; without a word where it is less work."""
        session, names = self._session, self._names()
        session.make(names)
        pending = session.names.pending
        groups = {id(p.group): p.group.size for n in names if isinstance(p := pending.get(n), Made)}
        away = sum(groups.values()) if session.configuration.runs_images() else 0
        if where == "pod" or (not where and away > IN_POD):
            session.run_once(_STEP, self._code())
            return
        session.bring(names)
        self._session.shell.display_pub.publish(data=self._bundle(), metadata={})

    def _bundle(self) -> dict[str, Any]:
        from k8snb.distributions.skew import skew

        found = skew(**{name: self._value(word) for name, word in self._words.items()}, **self._limits)
        return found._repr_mimebundle_()  # IPython's name for it

    def _names(self) -> list[str]:
        """Return the variables that the words name."""
        from k8snb.analysis import analyse

        code = "\n".join(word.code for word in self._words.values() if not word.is_file)
        return list(analyse(code).reads)

    def _value(self, word: _Word) -> Any:
        if word.is_file:
            return word.text
        namespace = self._session.shell.user_ns
        if word.text.isidentifier() and word.text not in namespace and not hasattr(builtins, word.text):
            known = [name for name in namespace if not name.startswith("_")]
            way = suggest(word.text, known, "execute the cell that makes it")
            raise UsageError(f"there is no variable {word.text!r}: {way}")
        return self._session.shell.ev(word.text)

    def _code(self) -> str:
        sets = [f"{name}={word.code}" for name, word in self._words.items()]
        limits = [f"{name}={limit}" for name, limit in self._limits.items()]
        return f"__import__('k8snb').skew({', '.join([*sets, *limits])})"


def _words(words: list[str], example: str) -> dict[str, _Word]:
    """Return the words of a line by what they are called."""
    found: dict[str, _Word] = {}
    for word in (unquoted(word) or "" for word in words):
        label, is_labelled, rest = word.partition("=")
        named = is_labelled and label.isidentifier() and not rest.startswith("=")
        text = (unquoted(rest) or "") if named else word
        called = label if named else PurePath(text).stem if DATA_FILES.search(text) else re.sub(r"\W+", "_", text)
        if called in found:
            raise UsageError(f"two data sets are called {called}: name them, as in train=X_train test=X_test")
        found[called] = _Word(text)
    if not found:
        raise UsageError(f"which data? {example}")
    return found
