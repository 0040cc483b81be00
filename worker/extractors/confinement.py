"""Denies the reading process all that a hostile file could misuse: other files, the network, other processes.

Landlock (Linux 5.13) denies files, TCP and signals; seccomp denies the system calls for sockets and for looking into
other processes. Both need no privileges, cannot be undone, and hold for Tesseract too.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

FILES, NETWORK = "files", "network"

_CODE = Path(__file__).resolve().parents[1]
#: Programs and libraries, for Tesseract and for modules that are imported when they are first used.
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/opt/homebrew"),
    *("/etc/ld.so.cache", "/etc/alternatives", "/etc/mime.types"),
)
_DEVICE = "/dev/null"
_DENIED = (
    *("socket", "socketpair", "connect", "bind", "listen", "sendto", "sendmsg"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "pidfd_open", "kcmp"),
    # io_uring opens sockets and files without the calls above.
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("mount", "umount2", "unshare", "setns", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key"),
)


def confine() -> list[str]:
    """Confine this process and all that it starts, as far as the kernel allows. Returns what it is kept from."""
    return [what for what, apply in ((FILES, _without_files), (NETWORK, _without_network)) if apply()]


def hide_memory() -> None:
    """Keep processes of the same user from reading this one's memory and environment, which hold secrets."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def _without_files() -> bool:
    """Allow reading code and libraries alone. Writing is denied everywhere."""
    try:
        import landlockpy as landlock

        read = landlock.AccessFS.READ_FILE | landlock.AccessFS.READ_DIR | landlock.AccessFS.EXECUTE
        scope = landlock.Scope.SIGNAL | landlock.Scope.ABSTRACT_UNIX_SOCKET
        with landlock.Ruleset(scoped=scope) as rules:
            for path in _readable():
                rules.allow_path(path, read if path.is_dir() else read & ~landlock.AccessFS.READ_DIR)
            rules.allow_path(_DEVICE, landlock.AccessFS.READ_FILE | landlock.AccessFS.WRITE_FILE)
            rules.restrict()
    except (ImportError, OSError, RuntimeError):
        return False
    return True


def _readable() -> Iterator[Path]:
    packages = [path for path in sys.path if path.endswith("-packages")]
    given = filter(None, [os.environ.get("TESSDATA_PREFIX")])
    for name in {*_SYSTEM, sys.prefix, sys.base_prefix, *packages, *given, str(_CODE)}:
        path = Path(name)
        if path.exists() and path != Path("/"):
            yield path


def _without_network() -> bool:
    try:
        import seccompy

        rules = seccompy.Filter(default=seccompy.Action.ALLOW)
        for call in _DENIED:
            rules.errno(call, errno.EPERM)
        rules.load()
    except (ImportError, OSError, RuntimeError, ValueError):
        return _without_interfaces()
    return True


def _without_interfaces() -> bool:
    """Move to an empty network namespace: few places allow that, but they need no library."""
    try:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)  # type: ignore[attr-defined,unused-ignore]
    except (AttributeError, OSError):
        return False
    return True
