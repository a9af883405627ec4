"""The shell's words: ``k8snb run``, ``k8snb stack``."""

# ruff: noqa: T201 - printing is what commands do

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from k8snb.errors import K8snbError

OK, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    args = _parser().parse_args(_with_equals(sys.argv[1:] if arguments is None else arguments))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="k8snb", description="Runs annotated notebook cells as Kubernetes pods.")
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
        if name != "list":
            command.add_argument("name", nargs=None if name == "set" else "?")
    return parser


# --- run -----------------------------------------------------------------------------------------------------------


def _run(args: argparse.Namespace) -> int:
    from k8snb.notebook import execute

    parameters = dict(execute.parameter(text) for text in args.parameter)
    return execute.run(args.notebook, stack=args.stack, parameters=parameters, output=args.output)


# --- stack ---------------------------------------------------------------------------------------------------------


def _stack_list(_: argparse.Namespace) -> int:
    from k8snb.stacks.load import load

    stacks = load(Path.cwd())
    for stack in stacks.by_name.values():
        mark = "*" if stack.name == stacks.default else " "
        print(f"{mark} {stack.name}: {stack.orchestrator.kind}, {stack.artifact_store.uri}")
    stacks.pick()  # an active stack that is not there is an error
    return OK


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
    engine = Engine.open(stack, folder=Path.cwd(), scratch=open_store(embedded().artifact_store.uri))
    try:
        with _timed("from here"):
            portal.submit(engine.check()).result()
        with _timed("in a step"):
            trial.run(engine)
    finally:
        portal.submit(engine.orchestrator.aclose()).result()
    print(f"stack {stack.name}: runs are possible")
    return OK


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{what}  works, {time.perf_counter() - started:.1f} s", flush=True)
