"""``%k8s_skew`` and ``%k8s_dive``: data of the notebook compared and shown, in the kernel or in a pod."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"
# IPython's magic_arguments have no types.

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from k8snb.notebook.hooks import Hooks
from k8snb.notebook.lines import parsed, unquoted

_LIMITS = ("psi", "js", "l_infinity", "ks", "alpha")

_of_data = argument("data", nargs="*", metavar="DATA", help="variables, NAME=VARIABLE, files, s3:// addresses")


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
        self._hooks = hooks

    @magic_arguments()
    @_of_data
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
        from k8snb.notebook.comparison import Data, data_of

        words = data_of(args.data, "%k8s_skew X_train X_test")
        limits = {name: limit for name in _LIMITS if (limit := getattr(args, name)) is not None}
        where = "pod" if args.in_pod else "kernel" if args.here else ""
        Data(self._hooks.session, words).compare(limits, where)

    @magic_arguments()
    @_of_data
    @argument("--rows", type=int, help="how many rows are shown at most, evenly chosen (5000)")
    @argument("--columns", metavar="A,B", help="only these columns")
    @argument("--color", metavar="COLUMN", help="colour rows by it")
    @argument("--across", metavar="COLUMN", help="put rows side by side by it")
    @argument("--down", metavar="COLUMN", help="put rows one below the other by it")
    @line_magic
    def k8s_dive(self, line: str) -> None:
        """Show rows of data sets in Facets Dive: each a dot that can be looked at.

        Example::

            %k8s_dive X_train
            %k8s_dive train=X_train test=X_test --color age --rows 1000
        """
        from k8snb.notebook.comparison import Data, data_of

        args = parsed(self.k8s_dive, line)
        options: dict[str, Any] = {name: unquoted(getattr(args, name)) for name in ("color", "across", "down")}
        if args.rows is not None:
            options["rows"] = args.rows
        if args.columns:
            options["columns"] = [name.strip() for name in (unquoted(args.columns) or "").split(",")]
        Data(self._hooks.session, data_of(args.data, "%k8s_dive X_train")).dive(options)
