"""Time limits for answers and checks, and a sign of life for slow ones."""

import contextlib
import ctypes
import os
import signal
import threading
import time
from collections.abc import Iterator

PATIENCE = 5  # times the limit, for an answer that waits without computing
# Set by a grader whose answers run in another process, under its own limits.
ELSEWHERE = "TOPOI_ANSWERS_ELSEWHERE"
_asked: list[float] = []  # limits that such a grader has not kept here


class TooLong(BaseException):
    """Raised in code that runs too long; no `except Exception` stops it.

    Its argument, if it has one, is the time in seconds.
    """


def sign_of_life(what: str, seconds: float) -> None:
    """Print that a check is at work, before it is silent for a while.

    Parameters
    ----------
    what : str
        What it does, as in "Training a small network on your answer".
    seconds : float
        About how long this takes on a laptop.
    """
    print(f"{what}: about {seconds:g} seconds, please wait.", flush=True)


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `TooLong` in the block after that time.

    Time that a busy machine gives to others does not count, up to a point.
    A signal stops nearly everything. Where there is none, on Windows and
    outside of the main thread, the exception is planted by a second thread:
    that stops Python code, though not one long call into a library.
    A limit may lie inside of another one.

    Parameters
    ----------
    seconds : float, optional
        None means no limit.
    """
    if seconds is None:
        yield
    elif answers_run_elsewhere():
        _asked.append(seconds)
        try:
            yield
        finally:
            _asked.pop()
    elif _signals_work():
        with _by_signal(seconds):
            yield
    else:
        with _by_thread(seconds):
            yield


def answers_run_elsewhere() -> bool:
    """Whether answers run in another process, as they do in the grader."""
    return bool(os.environ.get(ELSEWHERE))


def asked() -> float | None:
    """Return the limit around this place, for who keeps it elsewhere."""
    return min(_asked, default=None)


class _Watch:
    """Says whether a time is over, in seconds of this process."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.start, self.cpu = time.monotonic(), time.process_time()
        # Look again: the machine was busy, or the answer catches everything.
        self.again = min(0.5, max(0.05, seconds / 4))

    def over(self) -> bool:
        """Whether the process has used its time, or slept for long."""
        used = time.process_time() - self.cpu
        waited = time.monotonic() - self.start
        return used >= 0.9 * self.seconds or waited > PATIENCE * self.seconds


def _signals_work() -> bool:
    main = threading.current_thread() is threading.main_thread()
    return main and hasattr(signal, "SIGALRM")


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    watch = _Watch(seconds)

    def stop(number: int, frame: object) -> None:
        if watch.over():
            raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    outer, again = signal.setitimer(signal.ITIMER_REAL, seconds, watch.again)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:  # the rest of a limit around this one
            left = outer - (time.monotonic() - watch.start)
            signal.setitimer(signal.ITIMER_REAL, max(left, 1e-3), again)


@contextlib.contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    caller, over = threading.get_ident(), threading.Event()
    lock, watch = threading.Lock(), _Watch(seconds)

    def wait_and_stop() -> None:
        wait = seconds
        while not over.wait(wait):
            with lock:
                if watch.over() and not over.is_set():
                    _plant(caller)
            wait = watch.again

    threading.Thread(target=wait_and_stop, daemon=True).start()
    try:
        yield
    finally:
        with lock:
            over.set()


def _plant(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(TooLong)
    )
