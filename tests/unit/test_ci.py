"""The helpers of .ci/run: no network is no network, and a test that ends differently is seen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .. import offline, outcomes

CONNECT = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), timeout=5).close()
for reach in (
    lambda: socket.create_connection(("192.0.2.1", 9), timeout=1),
    lambda: socket.getaddrinfo("reached.example", 9),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9)),
):
    try:
        reach()
    except TimeoutError:
        sys.exit("a packet left")
    except OSError:
        continue
    sys.exit("reached")
sys.exit(7)
"""


def test_a_command_runs_without_a_network() -> None:
    """With what the system grants: its loopback works, its exit code arrives."""
    command = [sys.executable, offline.__file__, sys.executable, "-c", CONNECT]
    assert subprocess.run(command, check=False).returncode == 7


def test_sockets_are_refused_where_there_is_no_namespace(tmp_path: Path) -> None:
    environment = offline.refused_sockets(tmp_path)
    command = [sys.executable, "-c", CONNECT]
    assert subprocess.run(command, env=environment, check=False).returncode == 7


Report = Callable[..., Path]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Run a small suite for real and give its report."""

    def run(name: str, body: str) -> Path:
        suite = tmp_path / name / "test_it.py"
        suite.parent.mkdir()
        suite.write_text(f"import pytest\n{body}", "utf-8")
        written = tmp_path / f"{name}.xml"
        options = [
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={written}",
            f"--rootdir={suite.parent}",
        ]
        subprocess.run(
            [sys.executable, "-m", "pytest", *options, suite.name],
            cwd=suite.parent,
            capture_output=True,
            check=False,
        )
        return written

    return run


PASSES = "def test_a(): pass\ndef test_b(): pass\n"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (PASSES, ""),
        ("def test_a(): pass\ndef test_b(): assert 0\n", "::test_b: passed, then failure"),
        ("def test_a(): pass\ndef test_b(): pytest.skip('')\n", "::test_b: passed, then skipped"),
        ("def test_a(): pass\n", "::test_b: passed, then absent"),
    ],
)
def test_a_different_result_is_told(
    report: Report, other: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = outcomes.main([report("first", PASSES), report("second", other)])
    assert code == bool(told)
    printed = capsys.readouterr().out
    assert "first: 2 passed, " in printed
    assert (told or "The same result each time.") in printed


def test_no_tests_are_no_result(report: Report) -> None:
    assert outcomes.main([report("first", ""), report("second", "")]) == 1
