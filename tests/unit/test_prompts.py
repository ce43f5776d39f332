"""At a terminal: questions with help and validation, a summary, a confirmation."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..conftest import BASIC, command

CONFIG = BASIC["copier.yml"] + (
    "kind: {default: a, help: Which kind, validator: \"{{ 'not that' if kind == 'ab' }}\"}\n"
)
CTRL_C, ENTER, BACKSPACE = b"\x03", b"\r", b"\x7f"


class Terminal:
    """A process at a pseudo-terminal."""

    def __init__(self, *args: str) -> None:
        self.master, slave = pty.openpty()
        env = {**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"}
        self.process = subprocess.Popen(
            command(*args), stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)
        self.seen = ""

    def until(self, text: str, timeout: float = 30) -> None:
        """Read until `text` is on the screen."""
        deadline = time.monotonic() + timeout
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the other end is closed
                    assert text in self.seen, self.seen

    def answer(self, text: str, keys: bytes) -> None:
        """Wait for a question, press keys, and forget what was on the screen."""
        self.until(text)
        self.seen = ""
        os.write(self.master, keys)

    def code(self) -> int:
        """Exit code at the end."""
        return self.process.wait(timeout=30)


@pytest.fixture
def terminal(template: Callable[..., Path]) -> Iterator[Terminal]:
    """`mlscaffold new` with four questions, at a terminal."""
    started = Terminal("new", str(template(**{"copier.yml": CONFIG})), "x")
    yield started
    started.process.kill()
    started.process.wait()
    os.close(started.master)


def test_questions_are_checked_at_once_summed_up_and_confirmed(
    terminal: Terminal, work: Path
) -> None:
    terminal.answer("Its name", ENTER)
    terminal.answer("author", ENTER)
    terminal.answer("size", ENTER)
    terminal.answer("Which kind", b"b" + ENTER)
    terminal.answer("not that", BACKSPACE + ENTER)
    terminal.until("Write it?")
    assert "project_name  Clean Air" in terminal.seen
    assert "5 files" in terminal.seen
    assert not (work / "x").exists()
    terminal.answer("Write it?", b"y")
    terminal.until("Next:")
    assert terminal.code() == 0
    assert (work / "x" / ".git").is_dir()


def test_no_at_the_end_writes_nothing(terminal: Terminal, work: Path) -> None:
    for question in ("Its name", "author", "size", "Which kind"):
        terminal.answer(question, ENTER)
    terminal.answer("Write it?", b"n")
    terminal.until("nothing was written")
    assert terminal.code() == 1
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("answered", [0, 4])
def test_ctrl_c_at_a_question_leaves_nothing(terminal: Terminal, work: Path, answered: int) -> None:
    questions = ["Its name", "author", "size", "Which kind", "Write it?"]
    for question in questions[:answered]:
        terminal.answer(question, ENTER)
    terminal.answer(questions[answered], CTRL_C)
    terminal.until("Stopped: nothing was left behind.")
    assert terminal.code() == 130
    assert list(work.iterdir()) == []


def test_without_a_template_there_is_a_picker(work: Path) -> None:
    terminal = Terminal("new")
    terminal.answer("Which template?", CTRL_C)
    terminal.until("Stopped")
    assert terminal.code() == 130
    assert list(work.iterdir()) == []
    os.close(terminal.master)
