"""The magics: each reads its line and calls the session's function of its name."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"
# IPython's magic_arguments have no types.

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from traitlets import Any as TraitOfAny
from traitlets import observe

from k8snb.errors import StackError
from k8snb.notebook import settings
from k8snb.notebook.hooks import Hooks
from k8snb.notebook.lines import parsed, unquoted
from k8snb.notebook.running import Running
from k8snb.stacks.fields import Fields, options


def _of_a_new_stack(magic: Any) -> Any:
    """Give a magic the options of a new stack."""
    for option, about in reversed(list(options())):
        magic = argument(option, **about)(magic)
    return magic


class Name(TraitOfAny):
    """A text, as ``%config K8sMagics`` says.

    It refuses nothing, `K8sMagics.check_setting` does: a value that a trait refuses would stay in the configuration,
    and the extension could not be loaded again.
    """


class Number(TraitOfAny):
    """A number; refuses as little."""


@magics_class
class K8sMagics(Magics):
    """Magics of k8snb.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    hooks : Hooks
    """

    stack = Name("", help="The stack that steps run on; empty: what files and environment say.").tag(config=True)
    lines = Number(200, help="Lines of a step's text that are shown as they come; of more, the last are shown.").tag(
        config=True
    )

    facets = TraitOfAny(
        "auto",
        help="How Facets comes into the notebook: 'server' (Jupyter's has it), 'embed' (the first view of a notebook "
        "brings it, 1 MB), 'table' (no Facets), 'auto'.",
    ).tag(config=True)

    def __init__(self, shell: Any, hooks: Hooks) -> None:
        super().__init__(shell)
        self._shell, self._hooks = shell, hooks
        self._right = {name: type(self).class_traits()[name].default() for name in settings.EXAMPLES}

    @observe("facets")
    def _let_views_know(self, change: Any) -> None:
        from k8snb.distributions.facets.shown import SHOWN

        SHOWN.setting = change["new"]

    def check_setting(self, name: str) -> None:
        """Refuse what ``%config`` has just set where that cannot be; what was there before holds again.

        Raises
        ------
        UsageError, StackError
        """
        value = getattr(self, name)
        error: Exception | None = None
        if told := settings.refusal(name, value):
            error = UsageError(told)
        elif name == "stack" and value:
            try:
                self._hooks.session.configuration.stacks.pick(value)
            except StackError as one:
                error = one
        if error is None:
            self._right[name] = value
            return
        setattr(self, name, self._right[name])
        for config in (self.config, self._shell.config):
            config[settings.CLASS][name] = self._right[name]
        raise error

    @cell_magic
    def k8s_step(self, line: str, cell: str) -> None:
        """Make the cell a step: ``%%k8s_step NAME [--run] [options]``.

        The cell is not executed here. It runs as a pod of its own with ``%k8s_run``, or when another cell first reads
        a variable that it makes; with ``--run`` it runs now. ``# %%k8s_step NAME`` as the first line means the same.

        ``{x}`` and ``$x`` in the line stand for the value of the variable. Options are written as here; those with
        a + may stand several times::

            --run                        run the step now, and what it needs that has not run
            --in a,b --out c             what it reads and makes: overrule what the code says
            --after STEP +               a step that it waits for besides
            --cpu 500m --memory 2Gi      what its pod asks for and may use at most
            --gpu 1 --shm 1Gi            GPUs; the size of /dev/shm
            --timeout 10m --retries 2    how long its code may take, and how often again where it failed
            --image IMAGE                its image, where it is another than the stack's
            --requirements FILE          its packages, where they are others than the notebook's
            --file PATH +                a file or folder that travels, and is found under the same name
            --env NAME=VALUE +           a variable of its environment
            --secret NAME +              a Kubernetes Secret, whose keys become variables; or ENV=NAME/KEY
            --node-selector KEY=VALUE +  on which nodes it may run
            --toleration KEY=VALUE:EFFECT +
            --volume CLAIM:/path +       a volume claim, and where it is found
            --service-account NAME       as whom its pod speaks to the cluster
            --skew a b                   data that must not have drifted from a when the cell has ended; also NAME=a
            --max-psi 0.2                how far at most; also --max-js, --max-l-infinity, --max-ks
            --skew-alpha 0.05            how likely chance may be for that to count

        Example::

            %%k8s_step train --cpu 2 --memory 4Gi --requirements requirements.txt
            model = SVC(gamma=0.001).fit(X_train, y_train)
        """
        running = self._hooks.running
        if running is None or (
            running.step_line is None and running.tagged is None
        ):  # called by code and not as a cell
            running = Running(f"%%k8s_step {line}\n{cell}")
        card, run_now = self._hooks.session.add_step(line, running)
        self._hooks.session.cards.show(card)
        self._hooks.session.cards.bring_up_to_date()
        if run_now:
            self._hooks.session.run([run_now], reuse=True, ahead=True)

    @magic_arguments()
    @argument("steps", nargs="*", metavar="STEP", help="run these and what they need; without any: all")
    @argument("--stack", help="run on this stack, this time")
    @argument("--reuse", action="store_true", help="steps that these need and that have run do not run again")
    @argument("--rest", action="store_true", help="only the steps that no run has been asked for yet")
    @line_magic
    def k8s_run(self, line: str) -> None:
        """Run the pipeline and wait for its end; interrupting the kernel ends its pods.

        Example::

            %k8s_run train --stack cluster
        """
        args = parsed(self.k8s_run, line)
        session = self._hooks.session
        if args.rest:
            session.run_rest(args.steps, stack=args.stack)
        else:
            session.run(args.steps, stack=args.stack, reuse=args.reuse)
        session.bring_for_rest_of_cell()

    @magic_arguments()
    @argument("name", nargs="?", help="make this stack the notebook's; without a name: show them")
    @argument("--save", action="store_true", help="name it in k8snb.toml too")
    @argument("--register", metavar="NAME", help="write a new stack of this name to k8snb.toml, if its parts work")
    @_of_a_new_stack
    @argument("--replace", action="store_true", help="the new stack takes the place of one of its name")
    @argument("--user", action="store_true", help="write it to your own k8snb.toml, for all projects")
    @argument("--no-check", action="store_true", help="do not find out whether the parts work")
    @line_magic
    def k8s_stack(self, line: str) -> None:
        """Show the stacks and whether their parts work, choose one for this notebook, or register a new one.

        Example::

            %k8s_stack
            %k8s_stack cluster --save
            %k8s_stack --register dev --context my-eks --artifact-store s3://bucket/dev --registry r.example.org/dev
        """
        args = parsed(self.k8s_stack, line)
        fields = Fields.of(args, read=unquoted)
        _refuse_mixed(args, fields)
        picker = self._hooks.session.stack_picker
        if args.register:
            picker.register(args.register, fields, live=not args.no_check, overwrite=args.replace, user=args.user)
        elif args.name:
            picker.choose(args.name, save=args.save)
        else:
            picker.show(live=not args.no_check)

    @magic_arguments()
    @line_magic
    def k8s_status(self, line: str) -> None:
        """Show the steps of the notebook, when each last ran, and what has changed since.

        Example::

            %k8s_status
        """
        parsed(self.k8s_status, line)
        session = self._hooks.session
        steps = [entry for entry in session.cells if entry.step is not None]
        for entry in steps:
            told = session.cards.last_ran(entry)
            print(f"{entry.step}: {f'last ran {told}' if told else 'has not run'}")  # noqa: T201
        if not steps:
            print("no steps yet: put %%k8s_step NAME on top of a cell and execute it")  # noqa: T201

    @magic_arguments()
    @argument(
        "run", nargs="?", help="open this run: its id, a beginning or an end of it, last, or -2 for the one before"
    )
    @argument("other", nargs="?", help="compare it with this one")
    @argument("--limit", type=int, help="how many runs the table shows, the newest (default: 20)")
    @argument("--stack", help="of this stack; without it, of the active one")
    @line_magic
    def k8s_runs(self, line: str) -> None:
        """Show the runs of the past: a table, one of them as it was shown, or two side by side.

        A failed run that is opened does not fail the cell.

        Example::

            %k8s_runs
            %k8s_runs last
            %k8s_runs last -2
        """
        from k8snb.notebook.past import Past

        args = parsed(self.k8s_runs, line)
        past = Past(self._hooks.session, args.stack)
        if args.other:
            past.compare(args.run, args.other)
        elif args.run:
            past.open(args.run)
        else:
            past.list(args.limit)

    @magic_arguments()
    @argument("step", metavar="STEP", help="the step")
    @argument("--run", help="of this run; without it, of the last one that started the step")
    @argument("--attempt", type=int, help="of this attempt; without it, of the last one")
    @argument("--grep", metavar="PATTERN", help="only the lines in which this regular expression is found")
    @argument("--tail", type=int, metavar="N", help="only the last N lines")
    @argument("--save", metavar="FILE", help="write it to a file, all of it as it was printed")
    @argument("--force", action="store_true", help="overwrite the file")
    @argument("--stack", help="of this stack; without it, of the active one")
    @no_var_expand
    @line_magic
    def k8s_logs(self, line: str) -> None:
        r"""Show what a step printed, from the artifact store: also when its pod is gone.

        ``{x}`` and ``$x`` stand for the value of the variable, but not in what ``--grep`` is given.

        Example::

            %k8s_logs train --grep "loss: \d" --tail 20
            %k8s_logs train --run last --save train.log
        """
        from k8snb.notebook.past import Past

        args = parsed(self.k8s_logs, line)
        for name in ("step", "run", "save", "stack"):
            setattr(args, name, self._expanded(getattr(args, name)))
        Past(self._hooks.session, args.stack).log(
            args.step,
            run=args.run,
            attempt=args.attempt,
            grep=unquoted(args.grep),
            tail=args.tail,
            save=args.save,
            force=args.force,
        )

    def _expanded(self, text: str | None) -> str | None:
        """Return a word of a line with the variables in it as their values, and without its quotes."""
        return None if text is None else unquoted(self._shell.var_expand(text))


def _refuse_mixed(args: Any, fields: Fields) -> None:
    """Refuse words that do not go together on the line of ``%k8s_stack``."""
    given = [f"--{name}" for name in ("replace", "user") if getattr(args, name)]
    if args.register and (args.name or args.save):
        raise UsageError(f"one at a time: %k8s_stack --register {args.register} ..., then: %k8s_stack NAME --save")
    if not args.register and (alone := [*fields.named, *given]):
        raise UsageError(f"{alone[0]} is for a new stack: %k8s_stack --register NAME {alone[0]} ...")
    if args.save and not args.name:
        raise UsageError("--save needs the name of a stack: %k8s_stack NAME --save")
