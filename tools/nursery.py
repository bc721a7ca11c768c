"""The nursery: a process that imports Keras and its kin, and forks kernels.

`tools/kernels.py` starts it and talks to it in lines of JSON: first it says
why it must not be forked, if so; then it forks, and tells how forks ended.

A process may be forked safely while it has one thread, so the threads are
counted after the imports. With more than one, as with some backends, or when
an import warns, which a reader should see, it must not be forked.
"""

import importlib.util
import json
import os
import random
import signal
import sys
import warnings

IMPORTED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "numpy",
    "scipy.linalg",
    "scipy.optimize",
    "scipy.sparse",
    "scipy.stats",
    "matplotlib.pyplot",
    "keras",
)
INLINE = "module://matplotlib_inline.backend_inline"  # a kernel's own choice


def main() -> None:
    """Import, tell whether forks are safe, and do as requested."""
    del sys.path[0]  # this folder, which no kernel has on its path
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    _no_streams()
    print(json.dumps({"why": _import_all()}), file=answers, flush=True)
    children = {}
    for line in requests:
        request = json.loads(line)
        if "argv" in request:
            pid = os.fork()
            if not pid:
                answers.close()
                requests.close()
                return _be_a_kernel(**request)
            children[pid] = None
            answer = {"pid": pid}
        else:
            pid = request.get("poll") or request["wait"]
            if children[pid] is None:
                done, status = os.waitpid(
                    pid, "poll" in request and os.WNOHANG
                )
                if done:
                    children[pid] = os.waitstatus_to_exitcode(status)
            answer = {"status": children[pid]}
        print(json.dumps(answer), file=answers, flush=True)
    for pid, status in children.items():
        if status is None:
            os.kill(pid, signal.SIGKILL)


def _no_streams() -> None:
    """Point the standard streams nowhere, as a kernel's are."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.close(null)


def _import_all() -> str:
    """Import, and return why this process must not be forked, or ""."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # kernels watch it
    os.environ.setdefault("MPLBACKEND", INLINE)
    shown, warned = warnings.showwarning, []
    warnings.showwarning = lambda message, *_: warned.append(message)
    for name in IMPORTED:
        importlib.import_module(name)
    warnings.showwarning = shown
    if warned:
        return f"importing warns: {warned[0]}"
    threads = len(os.listdir("/proc/self/task"))
    return f"{threads} threads" if threads > 1 else ""


def _be_a_kernel(argv: list[str], cwd: str, env: dict[str, str]) -> None:
    """Turn this fork into what a fresh kernel is after the same imports."""
    import numpy as np
    from ipykernel import kernelapp

    os.setsid()
    os.chdir(cwd)
    parent = os.environ["JPY_PARENT_PID"]
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=parent)
    random.seed()  # or all forks would draw the same unseeded numbers
    np.random.seed()  # noqa: NPY002
    _, module, *words = argv  # -m ipykernel_launcher -f file
    sys.argv = [importlib.util.find_spec(module).origin, *words]
    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
