"""Extensions of IPython that cells above have loaded."""

from __future__ import annotations

import pytest

TEXT = """
def load_ipython_extension(shell):
    shell.register_magic_function(lambda line: len(line), "line", "count")
    shell.register_magic_function(lambda line, cell: shell.push({line or "found": cell.split()}), "cell", "split")
"""


@pytest.fixture
def text(runner):
    (runner.folder / "code").mkdir()
    (runner.folder / "code" / "text_tools.py").write_text(TEXT)


@pytest.mark.usefixtures("text")
def test_their_magics_are_there(runner):
    ran = runner.run("\nn = %count abc\nprint(n)", ipython=True, extensions=["text_tools"])
    assert ran.text == "3\n"
    ran = runner.run("\n%%split words\none two", ipython=True, extensions=["text_tools"], outputs=["words"])
    assert ran.result.failure is None
    assert [group.names for group in ran.result.groups] == [("words",)]


@pytest.mark.usefixtures("text")
def test_where_one_is_not_there_the_step_says_so(runner):
    failure = runner.run("\n%count a", ipython=True, extensions=["gone_tools"]).result.failure
    assert failure.ename == "ConfigError"
    assert "'gone_tools', which a cell above loads, cannot be loaded: ModuleNotFoundError" in failure.evalue
    failure = runner.run("\n%count a", ipython=True, extensions=["json"]).result.failure
    assert "'json', which a cell above loads, is no extension" in failure.evalue
