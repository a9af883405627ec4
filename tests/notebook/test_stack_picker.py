"""The stack picker in the notebook."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from inprocess import Notebook
from IPython.core.error import UsageError

from k8snb.cli import main
from k8snb.errors import StackError, StoreError
from k8snb.notebook import stacks as room
from k8snb.run.check import Outcome
from k8snb.ui.mime import MIME
from tests.fixtures_cluster import Project, error, kubectl, layers, printed, shown, there
from tests.fixtures_s3 import s3_bucket
from tests.kubeconfig import write_kubeconfig

__all__ = ["layers", "s3_bucket", "there"]


@pytest.fixture
def with_stacks(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A notebook with a stack of its own and a kubeconfig of two contexts."""
    Path("k8snb.toml").write_text('# mine\n[stacks.mine]\nimage = "x"\n')
    write_kubeconfig(Path("kubeconfig"), "my-eks", "dev", current="dev")
    monkeypatch.setenv("KUBECONFIG", "kubeconfig")
    return nb


def displays(nb: Notebook) -> list[tuple[str, Any, str | None]]:
    return [entry for entry in nb.seen if entry[0] in {"display", "update"}]


def text(nb: Notebook) -> str:
    return displays(nb)[-1][1]["text/plain"]


def test_the_stacks_are_shown_at_once_and_brought_up_to_date_in_place(with_stacks: Notebook) -> None:
    with_stacks.run("%k8s_stack")
    (first, begun, place), *later = displays(with_stacks)
    assert first == "display"
    assert "✓" not in begun["text/plain"]
    assert begun["text/plain"].count("◔ checking …") == 4
    assert begun[MIME]["live"] is True
    assert {(kind, where) for kind, _, where in later} == {("update", place)}
    end = later[-1][1]
    assert end["text/plain"].count("✓ works") == 4
    assert "checking" not in end["text/plain"]
    assert end[MIME] == {
        "kind": "stacks",
        "stacks": ["local", "mine"],
        "active": "local",
        "contexts": ["dev", "my-eks"],
        "live": False,
    }
    *_, active, choose, register, contexts = end["text/plain"].splitlines()
    assert active == "active: local, nothing names another"
    assert choose.startswith("choose: %k8s_stack NAME")
    assert register.startswith("register: %k8s_stack --register NAME")
    assert contexts == "contexts of the kubeconfig: dev (current), my-eks"


def test_without_a_check_it_is_shown_once(with_stacks: Notebook) -> None:
    with_stacks.run("%k8s_stack --no-check")
    ((_, data, _),) = displays(with_stacks)
    assert "works" not in data["text/plain"]
    assert "image           x" in data["text/plain"]


@pytest.mark.parametrize(
    ("text_of_file", "environment", "words"),
    [
        ('[k8snb]\nstack = "mine"\n', None, "active: mine, named by k8snb.toml: [k8snb] stack"),
        ('[k8snb]\nstack = "mine"\n', "local", "active: local, named by the environment variable K8SNB_STACK"),
        ('[k8snb]\nstack = "gone"\n', None, "active: gone, named by k8snb.toml: [k8snb] stack; there is no such stack"),
    ],
)
def test_what_makes_the_active_one_active(
    with_stacks: Notebook, monkeypatch: pytest.MonkeyPatch, text_of_file: str, environment: str | None, words: str
) -> None:
    Path("k8snb.toml").write_text(text_of_file + "[stacks.mine]\n")
    if environment:
        monkeypatch.setenv("K8SNB_STACK", environment)
    with_stacks.run("%k8s_stack --no-check")
    assert words in text(with_stacks).splitlines()


def test_a_broken_kubeconfig_is_said_and_nothing_fails(with_stacks: Notebook) -> None:
    Path("kubeconfig").write_text("[")
    with_stacks.run("%k8s_stack")
    assert "contexts: The kubeconfig cannot be used" in text(with_stacks)
    Path("kubeconfig").unlink()
    with_stacks.run("%k8s_stack")
    assert "contexts: there is no kubeconfig" in text(with_stacks)


def test_one_is_chosen_and_said_in_a_line(with_stacks: Notebook) -> None:
    before = Path("k8snb.toml").read_text()
    with_stacks.run("%k8s_stack mine")
    assert text(with_stacks).startswith("stack mine: local; file://")
    assert text(with_stacks).endswith("; written in k8snb.toml")
    assert with_stacks.session.configuration.stacks.default == "mine"
    assert Path("k8snb.toml").read_text() == before
    with_stacks.run("%k8s_stack --no-check")
    assert "active: mine, chosen in this notebook" in text(with_stacks)


def test_one_is_chosen_for_good(with_stacks: Notebook) -> None:
    before = Path("k8snb.toml").read_text()
    with_stacks.run("which = 'mine'\n%k8s_stack {which} --save")
    assert text(with_stacks).endswith("; k8snb.toml names it from now on")
    assert Path("k8snb.toml").read_text() == '[k8snb]\nstack = "mine"\n\n' + before


def test_what_was_shown_before_tells_of_the_one_that_is_chosen_and_of_a_new_one(with_stacks: Notebook) -> None:
    with_stacks.run("%k8s_stack")
    (_, _, place), *_ = displays(with_stacks)
    with_stacks.seen.clear()
    with_stacks.run("%k8s_stack mine")
    ((kind, data, where), _) = displays(with_stacks)
    assert (kind, where, data[MIME]["active"], data[MIME]["live"]) == ("update", place, "mine", False)
    assert "* mine " in data["text/plain"]
    assert data["text/plain"].count("✓ works") == 4
    with_stacks.seen.clear()
    with_stacks.run("%k8s_stack --register new --orchestrator local")
    kind, data, where = displays(with_stacks)[-2]
    assert (kind, where, data[MIME]["stacks"]) == ("update", place, ["local", "mine", "new"])
    assert data["text/plain"].count("✓ works") == 6


def test_where_the_project_has_no_file_it_is_said_that_the_users_holds_for_all(nb: Notebook) -> None:
    nb.run("%k8s_stack local --save")
    assert text(nb).endswith("k8snb.toml names it from now on, for all projects")


def test_the_form_begins_with_the_current_context(with_stacks: Notebook) -> None:
    write_kubeconfig(Path("kubeconfig"), "my-eks", "dev", current="my-eks")
    with_stacks.run("%k8s_stack --no-check")
    assert displays(with_stacks)[-1][1][MIME]["contexts"] == ["my-eks", "dev"]


def test_a_mistyped_name_chooses_nothing(with_stacks: Notebook) -> None:
    for line in ("mien", "mien --save"):
        with pytest.raises(StackError, match="no stack 'mien'") as info:
            with_stacks.run(f"%k8s_stack {line}")
        assert "did you mean 'mine'?" in str(info.value.fix)
    assert with_stacks.session.configuration.stack_name is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--save", "needs the name"),
        ("--context dev", "--register NAME --context"),
        ("mine --replace", "--register NAME --replace"),
        ("mine --register other --orchestrator local", "one at a time"),
        ("--register", "expected one argument"),
    ],
)
def test_words_that_do_not_go_together(with_stacks: Notebook, line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        with_stacks.run(f"%k8s_stack {line}")
    assert displays(with_stacks) == []


def test_a_new_one_is_checked_written_and_told(with_stacks: Notebook) -> None:
    before = Path("k8snb.toml").read_text()
    with_stacks.run('%k8s_stack --register new --orchestrator local --artifact-store "./da ta" --image python:3.11')
    assert Path("k8snb.toml").read_text().startswith(before)
    stack = with_stacks.session.configuration.stacks.by_name["new"]
    assert stack.artifact_store.uri == (Path.cwd() / "da ta").as_uri()
    assert stack.image == "python:3.11"
    assert "to be written in" in displays(with_stacks)[-2][1]["text/plain"]
    assert MIME not in displays(with_stacks)[-2][1]
    assert text(with_stacks).startswith("registered new: local; file://")
    assert with_stacks.session.configuration.stacks.default == "local"
    with pytest.raises(StackError, match="already"):
        with_stacks.run("%k8s_stack --register new --orchestrator local")
    with_stacks.run("%k8s_stack --register new --orchestrator local --replace --no-check")
    assert with_stacks.session.configuration.stacks.by_name["new"].image is None


def test_one_whose_parts_do_not_work_is_not_written(with_stacks: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    before = Path("k8snb.toml").read_text()
    line = "--context my-eks --artifact-store s3://bucket/x --endpoint http://127.0.0.1:9 --registry 127.0.0.1:9/x"
    with pytest.raises(StackError, match=r"the orchestrator fails.*the artifact store fails.*registry fails") as info:
        with_stacks.run(f"%k8s_stack --register new {line}")
    assert "--no-check" in str(info.value.fix)
    assert Path("k8snb.toml").read_text() == before
    with pytest.raises(StackError, match="no context 'my-esk'"):
        with_stacks.run(f"%k8s_stack --register new {line.replace('my-eks', 'my-esk')}")
    with_stacks.run(f"%k8s_stack --register new {line} --no-check --user")
    assert Path("k8snb.toml").read_text() == before
    assert with_stacks.session.configuration.stacks.by_name["new"].orchestrator.settings == {"context": "my-eks"}


async def slow(stacks: Any, _: Path, tell: Any) -> list[Outcome]:
    """A check of which one part comes at once and the others never."""
    tell(Outcome("mine", "artifact store", 0.1, error=StoreError("no luck", fix="try")))
    await asyncio.Event().wait()
    return []


def test_an_interrupt_ends_the_wait_and_leaves_what_is_known(
    with_stacks: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "check", slow)
    main_thread = threading.main_thread().ident
    assert main_thread is not None

    def interrupt() -> None:
        while "no luck" not in "".join(str(entry) for entry in with_stacks.seen):
            time.sleep(0.01)
        signal.pthread_kill(main_thread, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        with_stacks.run("%k8s_stack")
    thread.join()
    assert "checking" not in text(with_stacks)
    assert text(with_stacks).count("■ interrupted") == 3
    assert "no luck" in text(with_stacks)
    assert displays(with_stacks)[-1][1][MIME]["live"] is False


def test_updates_come_at_most_five_times_a_second(with_stacks: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    async def many(stacks: Any, _: Path, tell: Any) -> list[Outcome]:
        found = []
        for i in range(100):
            found.append(Outcome("mine", f"part {i}", 0.1))
            tell(found[-1])
            await asyncio.sleep(0.005)
        return found

    monkeypatch.setattr(room, "check", many)
    begun = time.monotonic()
    with_stacks.run("%k8s_stack")
    assert len(displays(with_stacks)) <= 2 + (time.monotonic() - begun) / room.PAUSE


def test_from_a_shell_only_the_last_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import nbformat

    for name, value in (("K8SNB_HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("KUBECONFIG", "none")):
        monkeypatch.setenv(name, str(tmp_path / value))
    cells = [nbformat.v4.new_code_cell(source) for source in ("%load_ext k8snb", "%k8s_stack", "%k8s_stack local")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "nb.ipynb")
    assert main(["run", str(tmp_path / "nb.ipynb")]) == 0
    out, err = capfd.readouterr()
    assert out.count("what it is") == 1
    assert "checking" not in out
    assert "✓ works" in out
    assert "[stack local: local; file://" in err


# --- on the test cluster -------------------------------------------------------------------------------------------


@pytest.mark.cluster
def test_stacks_of_a_real_cluster_are_shown_registered_and_run(there: Project) -> None:
    values = there.values
    file = there.folder / "k8snb.toml"
    bad = '\n[stacks.bad]\nextends = "test"\ncontainer_registry = { uri = "127.0.0.1:5001/x" }\n'
    file.write_text(file.read_text() + bad)
    before = file.read_bytes()
    fields = (
        f"--context test-cluster --namespace {values['namespace']} --artifact-store {values['store']} "
        f"--endpoint {values['endpoint']} --region us-east-1 --image {values['image']}"
    )
    shown_, refused, made, chosen, _, run = there.execute(
        "%k8s_stack",
        f"%k8s_stack --register new {fields} --registry 127.0.0.1:5001/x",
        f"%k8s_stack --register new {fields} --registry {values['registry']}",
        "%k8s_stack new --save",
        "%%k8s_step one\nprint('in a pod')",
        "%k8s_run",
        allow_errors=True,
    )
    (table,) = shown(shown_, "text/plain")
    assert table.count("✓ works") == 10  # the new one among them: what is shown is kept true
    assert "bad, container registry: The registry asks for a login" in table
    assert "way out: docker login 127.0.0.1:5001" in table
    assert f"namespace {values['namespace']} is not there yet: the first run makes it" in table
    assert "the container registry fails: The registry asks for a login" in error(refused).evalue
    assert shown(made, "text/plain")[-1].startswith("registered new: kubernetes, context test-cluster")
    assert shown(chosen, "text/plain")[-1].endswith("k8snb.toml names it from now on")
    assert printed(run) == "in a pod\n"
    assert 'stack = "new"' in file.read_text()
    assert before.replace(b'stack = "test"', b'stack = "new"') == file.read_bytes()[: len(before) - 1]
    assert kubectl("-n", values["namespace"], "get", "jobs", "-o", "name").count("one") == 1
