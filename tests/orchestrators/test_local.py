"""What only the local orchestrator has: children of its own process."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from k8snb.orchestrators import local


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="no waitid")
def test_processes_that_have_ended_are_given_back_and_the_last_exit_codes_kept(monkeypatch) -> None:
    monkeypatch.setattr(local, "_children", {})
    monkeypatch.setattr(local, "KEPT", 2)
    for code in (1, 2, 3):
        child = subprocess.Popen([sys.executable, "-S", "-c", f"import os; os._exit({code})"])
        local._children[child.pid] = child
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays to be waited for
    first, second, third = local._children
    assert psutil.Process(second).status() == psutil.STATUS_ZOMBIE
    local._reap()
    assert not any(psutil.pid_exists(pid) for pid in (first, second, third))
    assert [local._exit_code(pid) for pid in (first, second, third)] == [None, 2, 3]
