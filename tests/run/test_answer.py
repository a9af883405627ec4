"""Waiting for a store."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8snb.artifacts.store import NotFound, Store, open_store
from k8snb.errors import StoreError
from k8snb.run.answer import answer


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


@pytest.fixture
def silent() -> Iterator[threading.Event]:
    """Ends the threads that wait for it."""
    event = threading.Event()
    yield event
    event.set()


def test_what_is_asked_for_comes_and_so_does_an_error(store: Store) -> None:
    store.put("a", b"1")
    assert answer(store, lambda: store.get("a")) == b"1"
    with pytest.raises(NotFound):
        answer(store, lambda: store.get("b"))


def test_a_store_that_says_nothing_is_named(store: Store, silent: threading.Event) -> None:
    with pytest.raises(StoreError, match="no answer within 0 s") as caught:
        answer(store, silent.wait, patience=0.01)
    assert caught.value.where == store.place


def test_an_interrupt_is_heard_meanwhile(store: Store, silent: threading.Event) -> None:
    main = threading.main_thread().ident
    assert main is not None

    def ask() -> None:
        signal.pthread_kill(main, signal.SIGINT)
        silent.wait()

    with pytest.raises(KeyboardInterrupt):
        answer(store, ask, patience=0)
