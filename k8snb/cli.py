"""The shell's words: ``k8snb run``, ``k8snb stack``, ``k8snb runs``."""

# ruff: noqa: T201 - printing is what commands do

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from k8snb.errors import K8snbError, suggest

if TYPE_CHECKING:
    from k8snb.artifacts.store import Store
    from k8snb.run.check import Outcome
    from k8snb.stacks.model import Stack, Stacks

OK, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    args, unknown = _parser().parse_known_args(_with_equals(sys.argv[1:] if arguments is None else arguments))
    if unknown:
        args.parser.refuse(unknown[0])
    try:
        code: int = args.do(args)
    except K8snbError as e:
        print(f"k8snb: {e}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print("k8snb: interrupted", file=sys.stderr)
        return INTERRUPTED
    return code


def _with_equals(arguments: Sequence[str]) -> list[str]:
    """Put ``-p NAME=VALUE`` in the place of ``-p NAME VALUE``, as papermill has it."""
    left, found = list(arguments), list[str]()
    while left:
        match left:
            case ["-p" | "--parameter" | "--parameters", name, value, *left] if name.isidentifier():
                found += ["-p", f"{name}={value}"]
            case [one, *left]:
                found.append(one)
    return found


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and for a mistyped word which was meant."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end the process."""
        if choice := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            known = [word.strip(" '") for word in choice[2].split(",")]
            message = f"there is no command {choice[1]!r}: {suggest(choice[1], known)}"
        more = "" if message.endswith("?") else f"; {self.prog} --help shows what it takes"
        self.exit(WRONG, f"{self.prog}: {message}{more}\n")

    def refuse(self, word: str) -> NoReturn:
        """Refuse a word that it does not take."""
        if not word.startswith("-"):
            self.error(f"{word!r} is a word too many")
        name = word.partition("=")[0]
        options = [option for action in self._actions for option in action.option_strings]
        self.error(f"there is no option {name}: {suggest(name, options)}")

    def set_defaults(self, **kwargs: object) -> None:
        """Set what a command does; it knows whose words they are."""
        super().set_defaults(parser=self, **kwargs)


def _parser() -> _Parser:
    parser = _Parser(prog="k8snb", description="Runs annotated notebook cells as Kubernetes pods.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="execute a notebook; at its end the steps that no cell has run")
    run.add_argument("notebook", type=Path)
    run.add_argument("--stack", help="run on this stack")
    run.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="set a variable")
    run.add_argument("--output", type=Path, help="the executed notebook (default: NAME.executed.ipynb beside it)")
    run.set_defaults(do=_run)

    stack = commands.add_parser("stack", help="where pipelines run").add_subparsers(required=True, metavar="COMMAND")
    for name, do, about in (
        ("list", _stack_list, "all stacks; the active one has a star"),
        ("show", _stack_show, "one stack"),
        ("set", _stack_set, "make a stack the active one"),
        ("check", _stack_check, "find out whether runs are possible on a stack"),
    ):
        command = stack.add_parser(name, help=about)
        command.set_defaults(do=do)
        if name == "list":
            command.add_argument("--check", action="store_true", help="find out of each whether its parts work")
        else:
            command.add_argument("name", nargs=None if name == "set" else "?")
    _add_register(stack.add_parser("register", help="write a new stack to k8snb.toml, if its parts work"))
    _add_runs(commands.add_parser("runs", help="runs of the past").add_subparsers(required=True, metavar="COMMAND"))
    return parser


def _add_register(register: _Parser) -> None:
    from k8snb.stacks.fields import options

    register.add_argument("name")
    for option, about in options():
        register.add_argument(option, **about)
    register.add_argument("--replace", action="store_true", help="it takes the place of one of its name")
    register.add_argument("--user", action="store_true", help="into your own k8snb.toml, for all projects")
    register.add_argument("--no-check", action="store_true", help="do not find out whether its parts work")
    register.set_defaults(do=_stack_register)


def _add_runs(runs: argparse._SubParsersAction[_Parser]) -> None:
    every = runs.add_parser("list", help="the newest runs")
    every.add_argument("--limit", type=int, metavar="N", help="how many (default: 20)")
    every.set_defaults(do=_runs_list)
    show = runs.add_parser("show", help="a run and its steps, or two runs side by side")
    show.add_argument("run", help="its id, a beginning or an end of it, last, or -2 for the one before")
    show.add_argument("other", nargs="?", help="compare it with this one")
    show.set_defaults(do=_runs_show)
    logs = runs.add_parser("logs", help="what a step of a run printed, all of it")
    logs.add_argument("run", help="as for show")
    logs.add_argument("step")
    logs.add_argument("--attempt", type=int, metavar="N", help="of this attempt; without it, of the last one")
    logs.add_argument("--grep", metavar="PATTERN", help="only the lines in which this regular expression is found")
    logs.add_argument("--tail", type=int, metavar="N", help="only the last N lines")
    logs.add_argument("--save", type=Path, metavar="FILE", help="write it to a file")
    logs.add_argument("--force", action="store_true", help="overwrite the file")
    logs.set_defaults(do=_runs_logs)
    for command in (every, show, logs):
        command.add_argument("--stack", help="of this stack; without it, of the active one")


# --- run -----------------------------------------------------------------------------------------------------------


def _run(args: argparse.Namespace) -> int:
    from k8snb.notebook import execute

    parameters = dict(execute.parameter(text) for text in args.parameter)
    return execute.run(args.notebook, stack=args.stack, parameters=parameters, output=args.output)


# --- stack ---------------------------------------------------------------------------------------------------------


def _stack_list(args: argparse.Namespace) -> int:
    from k8snb.stacks.load import load

    stacks = load(Path.cwd())
    if args.check:
        return _stack_list_checked(stacks)
    for stack in stacks.by_name.values():
        mark = "*" if stack.name == stacks.default else " "
        print(f"{mark} {stack.name}: {stack.orchestrator.kind}, {stack.artifact_store.uri}")
    stacks.pick()  # an active stack that is not there is an error
    return OK


def _stack_list_checked(stacks: Stacks) -> int:
    """Print the stacks and what was found out about each; a part that fails is no success."""
    from k8snb.notebook.stacks import IN_SHELL, active_in_words, known_contexts
    from k8snb.run import portal
    from k8snb.run.check import check
    from k8snb.ui.stacks import Picker, by_part

    folder, every = Path.cwd(), list(stacks.by_name.values())
    found = portal.submit(check(every, folder)).result()
    notes = [active_in_words(stacks, folder), *IN_SHELL, known_contexts()[1]]
    print(Picker(every, folder, stacks.default, by_part(found), notes=notes).bundle()["text/plain"])
    stacks.pick()
    return FAILED if any(outcome.error for outcome in found) else OK


def _stack_register(args: argparse.Namespace) -> int:
    from k8snb.run.register import register
    from k8snb.stacks.fields import Fields
    from k8snb.ui.stacks import in_words

    check = None if args.no_check else _checked
    folder = Path.cwd()
    draft = register(folder, args.name, Fields.of(args), check=check, overwrite=args.replace, user=args.user)
    print(f"registered {in_words(draft.stack, folder)}; k8snb stack set {args.name} makes it the active one")
    return OK


def _checked(stack: Stack) -> list[Outcome]:
    """Check a stack's parts from here, and print what is found out as it comes."""
    from k8snb.run import portal
    from k8snb.run.check import check
    from k8snb.ui.stacks import outcome_in_words

    def tell(outcome: Outcome) -> None:
        print(outcome_in_words(outcome), flush=True)

    return portal.submit(check([stack], Path.cwd(), tell)).result()


def _stack_show(args: argparse.Namespace) -> int:
    from k8snb.stacks.load import load

    stack = load(Path.cwd()).pick(args.name)
    registry = stack.container_registry.uri if stack.container_registry else "none"
    settings = ", ".join(f"{key} = {value}" for key, value in stack.orchestrator.settings.items())
    print(f"stack              {stack.name}")
    print(f"written in         {stack.file or 'k8snb itself'}")
    print(f"orchestrator       {stack.orchestrator.kind}" + (f" ({settings})" if settings else ""))
    print(f"artifact store     {stack.artifact_store.uri}")
    print(f"container registry {registry}")
    return OK


def _stack_set(args: argparse.Namespace) -> int:
    from k8snb.stacks.edit import set_active

    file = set_active(Path.cwd(), args.name)
    print(f"{args.name} is the active stack: {file}")
    return OK


def _stack_check(args: argparse.Namespace) -> int:
    from k8snb.artifacts.store import open_store
    from k8snb.run import portal, trial
    from k8snb.run.engine import Engine
    from k8snb.stacks.load import embedded, load

    stack = load(Path.cwd()).pick(args.name)
    if failed := [outcome for outcome in _checked(stack) if outcome.error]:
        for outcome in failed:
            print(f"k8snb: {outcome.part}: {outcome.error}", file=sys.stderr)
        return WRONG
    engine = Engine.open(stack, folder=Path.cwd(), scratch=open_store(embedded().artifact_store.uri))
    try:
        with _timed("in a step"):
            trial.run(engine)
    finally:
        portal.submit(engine.orchestrator.aclose()).result()
    print(f"stack {stack.name}: runs are possible")
    return OK


@contextmanager
def _timed(what: str) -> Iterator[None]:
    from k8snb.ui.words import time_in_words

    started = time.perf_counter()
    yield
    print(f"{what:<18} ✓ works {time_in_words(time.perf_counter() - started)}", flush=True)


# --- runs ----------------------------------------------------------------------------------------------------------


def _runs_list(args: argparse.Namespace) -> int:
    from k8snb.notebook import past

    print(past.table(_store(args.stack), args.limit)[1]["text/plain"])
    return OK


def _runs_show(args: argparse.Namespace) -> int:
    from k8snb.notebook import past
    from k8snb.run.compare import compare
    from k8snb.run.terminal import drawn
    from k8snb.ui import history

    store = _store(args.stack)
    run = past.find(store, args.run)
    if args.other:
        print(history.comparison(compare(run, past.find(store, args.other)))["text/plain"])
        return OK
    print(history.one(run)["text/plain"])
    for text in past.tracebacks(run):
        print(f"\n{text if sys.stdout.isatty() else drawn(text)}", end="")
    return OK


def _runs_logs(args: argparse.Namespace) -> int:
    from k8snb.notebook import past
    from k8snb.run.lines import Counted, chooser, lines_of
    from k8snb.ui import history

    choose = chooser(args.grep, args.tail)
    step = past.find_step(_store(args.stack), args.step, args.run)
    lines = Counted(lines_of(step.printed(args.attempt)))
    said = ""
    if args.save is not None:
        said = past.save_log(args.save, choose(lines), force=args.force)
    else:
        try:
            sys.stdout.buffer.writelines(choose(lines))
            sys.stdout.flush()
        except BrokenPipeError:  # as in `... | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in buffers goes there
            return OK
    print("\n".join(filter(None, (history.log_line(step, args.attempt, lines.ended), said))), file=sys.stderr)
    return OK


def _store(stack: str | None) -> Store:
    from k8snb.run.record import store_of
    from k8snb.stacks.load import load

    return store_of(load(Path.cwd()).pick(stack))
