"""A filter of system calls for bubblewrap, assembled without a library.

Denied calls fail with EPERM, so that well-behaved programs go on; `clone3`
fails with ENOSYS, after which libc uses `clone`; a call of a foreign
architecture kills. Sockets of other families than AF_UNIX are refused: a
network namespace does not cover all of them in a virtual machine.
"""

import errno
import platform
import struct

LOAD, JUMP_EQ, JUMP_GE, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in seccomp_data
AF_UNIX = 1
X32 = 0x40000000

# Numbers from the kernel's tables; the common ones are equal everywhere.
COMMON = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "memfd_secret": 447,
}
DENIED = {
    "x86_64": COMMON
    | {
        "shmget": 29,
        "semget": 64,
        "msgget": 68,
        "ptrace": 101,
        "syslog": 103,
        "pivot_root": 155,
        "chroot": 161,
        "acct": 163,
        "mount": 165,
        "umount2": 166,
        "swapon": 167,
        "reboot": 169,
        "init_module": 175,
        "delete_module": 176,
        "quotactl": 179,
        "sched_setaffinity": 203,
        "mq_open": 240,
        "kexec_load": 246,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "name_to_handle_at": 303,
        "open_by_handle_at": 304,
        "setns": 308,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "finit_module": 313,
        "memfd_create": 319,
        "kexec_file_load": 320,
        "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": COMMON
    | {
        "umount2": 39,
        "mount": 40,
        "pivot_root": 41,
        "chroot": 51,
        "quotactl": 60,
        "acct": 89,
        "unshare": 97,
        "kexec_load": 104,
        "init_module": 105,
        "delete_module": 106,
        "syslog": 116,
        "ptrace": 117,
        "sched_setaffinity": 122,
        "reboot": 142,
        "mq_open": 180,
        "msgget": 186,
        "semget": 190,
        "shmget": 194,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "swapon": 224,
        "perf_event_open": 241,
        "name_to_handle_at": 264,
        "open_by_handle_at": 265,
        "setns": 268,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "finit_module": 273,
        "memfd_create": 279,
        "bpf": 280,
        "userfaultfd": 282,
        "kexec_file_load": 294,
    },
}
SOCKET = {"x86_64": 41, "aarch64": 198}
CLONE3 = 435
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def program(machine: str | None = None) -> bytes:
    """Return the filter for bubblewrap's ``--seccomp``.

    Raises
    ------
    ValueError
        If the architecture is neither x86_64 nor aarch64.
    """
    machine = machine or platform.machine()
    if machine not in DENIED:
        raise ValueError(
            f"There is no filter of system calls for {machine}: grade on "
            "x86_64 or aarch64."
        )
    lines = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQ, 1, 0, AUDIT[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (JUMP_GE, 0, 1, X32),
        (RETURN, 0, 0, ERRNO | errno.EPERM),
        *_refuse(CLONE3, errno.ENOSYS),
    ]
    for number in sorted(DENIED[machine].values()):
        lines += _refuse(number, errno.EPERM)
    lines += [
        (JUMP_EQ, 0, 3, SOCKET[machine]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_EQ, 1, 0, AF_UNIX),
        (RETURN, 0, 0, ERRNO | errno.EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def _refuse(number: int, code: int) -> list[tuple[int, int, int, int]]:
    return [(JUMP_EQ, 0, 1, number), (RETURN, 0, 0, ERRNO | code)]
