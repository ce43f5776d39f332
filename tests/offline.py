"""Run a command without a network: `python offline.py COMMAND [ARGUMENT ...]`.

On Linux the command and all that it starts get a network namespace with nothing in it but the
loopback. Where the system grants none, what is left is said on stderr: the sockets of its Python
processes refuse every address that is not loopback. Ends with the command's exit code.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1  # linux/sockios.h, linux/if.h
IFREQ = "16sh22x"  # struct ifreq: the interface's name and flags

REFUSE = """
import ipaddress, sys

def _loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "", None)

def _refuse(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) else "localhost"  # a path, of this machine
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
    else:
        return
    if not _loopback(host):
        raise OSError(101, f"no network here: {event} to {host}")

sys.addaudithook(_refuse)
"""
"""sitecustomize.py of the second best: an audit hook sees every socket of the interpreter."""


def leave_network() -> None:
    """Put this process into a network of its own that has a loopback only.

    Raises:
        OSError: the system does not grant it.
    """
    if sys.platform != "linux":
        raise OSError(f"{sys.platform} has no network namespaces")
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):  # not root: only within a user namespace, as the same user
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network namespace")
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
    from fcntl import ioctl

    with socket.socket() as any_socket:
        request = ioctl(any_socket, SIOCGIFFLAGS, struct.pack(IFREQ, b"lo", 0))
        flags = struct.unpack(IFREQ, request)[1]
        ioctl(any_socket, SIOCSIFFLAGS, struct.pack(IFREQ, b"lo", flags | IFF_UP))


def refused_sockets(folder: Path) -> dict[str, str]:
    """An environment in which Python refuses to connect, by a sitecustomize.py in `folder`."""
    (folder / "sitecustomize.py").write_text(REFUSE, "utf-8")
    path = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def main(command: list[str]) -> int:
    """Run `command` without a network and return its exit code."""
    # In a process of its own: half of it may be granted, and a loopback that is down is no use.
    probe = [sys.executable, "-c", "import offline; offline.leave_network()"]
    probed = subprocess.run(
        probe, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    if probed.returncode == 0:
        leave_network()
        return subprocess.run(command, check=False).returncode
    print(
        f"offline: {probed.stderr.strip().splitlines()[-1]}. Only Python's own sockets are refused,"
        " in processes that keep PYTHONPATH.",
        file=sys.stderr,
    )
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, env=refused_sockets(Path(folder)), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
