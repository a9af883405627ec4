"""The options of a step, on its line and in k8snb.toml."""

from __future__ import annotations

import pytest

from k8snb.errors import AnnotationError, StackError
from k8snb.pipeline import StepOptions, merge, parse_options


def parse(line):
    return parse_options(line, where="cell 1")


def test_all_options():
    line = (
        "train-er_1 --in a,b --out c --after x --after y --image i --requirements r.txt --file a.csv --file dir "
        "--cpu 500m --memory 1.5Gi --gpu 1 --shm 1Gi --env A=b=c --env 'B=d e' --secret s --secret V=s/k --retries 2 "
        "--timeout 1h30m --no-cache --node-selector pool=gpu --toleration a=b:NoSchedule --volume data:/data "
        "--service-account robot --skew train=X_train X_test --max-psi 0.2 --max-js 0.1 --max-l-infinity 1 "
        "--max-ks 0.3 --skew-alpha 0.01 --run"
    )
    name, options, run = parse(line)
    assert (name, run) == ("train-er_1", True)
    assert options == StepOptions(
        inputs=("a", "b"),
        outputs=("c",),
        after=("x", "y"),
        image="i",
        requirements="r.txt",
        files=("a.csv", "dir"),
        cpu="500m",
        memory="1.5Gi",
        gpu=1,
        shm="1Gi",
        env={"A": "b=c", "B": "d e"},
        secrets=("s", "V=s/k"),
        retries=2,
        timeout=5400.0,
        cache=False,
        node_selector={"pool": "gpu"},
        tolerations=("a=b:NoSchedule",),
        volumes=("data:/data",),
        service_account="robot",
        skew=("train=X_train", "X_test"),
        max_psi=0.2,
        max_js=0.1,
        max_l_infinity=1.0,
        max_ks=0.3,
        skew_alpha=0.01,
    )


def test_data_sets_have_names_and_a_limit_that_is_given_is_the_only_one():
    options = parse("a --skew train=X_train X_test --max-psi 0.2")[1]
    assert options.skew_sets == {"train": "X_train", "X_test": "X_test"}
    assert options.skew_limits == {"psi": 0.2, "js": None, "l_infinity": None, "ks": None}
    assert parse("a --skew X_train X_test --skew-alpha 1")[1].skew_limits == {"alpha": 1.0}
    table = {"a": {"skew": ["X_train", "X_test"], "max_ks": 0.1}}
    assert merge(table, "a", StepOptions()).skew_sets == {"X_train": "X_train", "X_test": "X_test"}


def test_no_options():
    assert parse("a") == ("a", StepOptions(), False)
    assert parse("a --in ''")[1].inputs == ()


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1.5h", 5400), ("45", 45)])
def test_durations(text, seconds):
    assert parse(f"a --timeout {text}")[1].timeout == seconds


@pytest.mark.parametrize(
    ("line", "what", "fix"),
    [
        ("", "no name", "%%k8s_step NAME"),
        ("My Trainer --cpu 1", "'Trainer'", "my-trainer"),
        ("MyTrainer!", "'MyTrainer!' cannot be a step's name", "mytrainer"),
        ("a" * 41, "up to 40", "a" * 40),
        ("-a", "no name", "%%k8s_step NAME"),
        ("a-", "'a-' cannot", "call it a"),
        ("prévoir", "'prévoir' cannot", "call it prevoir"),
        ("defaults", "'defaults'", "all steps"),
        ("a --memry 1Gi", "--memry", "--memory"),
        ("a --mem 1Gi", "--mem", "--memory"),
        ("a --memory 2GB", "'GB' is no unit", "write 2Gi"),
        ("a --memory 512m", "'m' is no unit", "512Mi"),
        ("a --memory 0", "'0' is nothing", "512Mi"),
        ("a --cpu half", "'half'", "500m"),
        ("a --cpu", "expected one argument", "options"),
        ("a --gpu -1", "'-1'", "write 0, 1, 2"),
        ("a --timeout 5x", "'5x'", "90s"),
        ("a --timeout 0s", "'0s'", "90s"),
        ("a --in 1x", "'1x' is no variable's name", "options"),
        ("a --env A", "'A'", "NAME=VALUE"),
        ("a --env 1=2", "'1'", "options"),
        ("a --secret A=b", "'A=b'", "VARIABLE=NAME/KEY"),
        ("a --volume data", "'data'", "CLAIM:/path"),
        ("a --toleration x", "'x'", "KEY=VALUE:EFFECT"),
        ("a --env 'A=b", "No closing quotation", "options"),
    ],
)
def test_mistakes_are_told_with_the_way_out(line, what, fix):
    with pytest.raises(AnnotationError) as caught:
        parse(line)
    assert what in caught.value.what
    assert caught.value.where == "cell 1"
    assert fix in caught.value.fix


def test_the_line_wins_over_the_step_s_table_and_that_over_the_defaults():
    tables = {
        "defaults": {"memory": "1Gi", "cpu": 1, "retries": 3, "env": {"A": "1", "B": "1"}, "cache": False},
        "a": {
            "cpu": "2",
            "timeout": "5m",
            "env": {"B": "2", "C": "2"},
            "file": ["x", "y"],
            "node-selector": {"a": "b"},
        },
        "b": {"memory": "9Gi"},
    }
    options = merge(tables, "a", parse("a --retries 0 --env C=3 --cache")[1])
    assert (options.memory, options.cpu, options.retries, options.timeout) == ("1Gi", "2", 0, 300.0)
    assert options.env == {"A": "1", "B": "2", "C": "3"}
    assert (options.cache, options.files, options.node_selector) == (True, ("x", "y"), {"a": "b"})
    assert merge({}, "a", options) == options


@pytest.mark.parametrize(
    ("table", "what", "fix"),
    [
        ({"memroy": "1Gi"}, "'memroy' is no option", "'memory'"),
        ({"memory": "1GB"}, "'GB' is no unit", "1Gi"),
        ({"memory": ["1Gi"]}, "is not what --memory takes", "--memory"),
        ({"gpu": True}, "is not what --gpu takes", "--gpu"),
        ({"gpu": 1.5}, "'1.5' is no whole number", "write 0"),
        ({"cache": "no"}, "'no' is not true or false", "true or false"),
        ({"env": {"1": "x"}}, "'1' is no environment", "options"),
        ({"file": {"a": "b"}}, "is not what --file takes", "--file"),
    ],
)
def test_mistakes_in_the_file_name_the_key(table, what, fix):
    with pytest.raises(StackError) as caught:
        merge({"a": table}, "a", StepOptions())
    assert what in caught.value.what
    assert caught.value.where == f"[steps.a] {next(iter(table))}"
    assert fix in caught.value.fix


def test_empty_lists_and_tables():
    assert merge({"a": {"file": [], "env": {}, "in": []}}, "a", StepOptions()) == StepOptions(inputs=())
