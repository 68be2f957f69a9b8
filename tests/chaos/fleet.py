"""Worker processes that may be killed, stopped and started again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]


class Fleet:
    """A number of workers, each one OS process of its own.

    Args:
        dsn: the database they serve.
        size: how many.
        log: folder for what they print.
        options: further words of the command line.
    """

    def __init__(self, dsn: str, size: int, log: Path, *options: str) -> None:
        self._dsn = dsn
        self._log = log
        self._options = options
        self._count = 0
        self.workers: list[subprocess.Popen[bytes]] = []
        for _ in range(size):
            self.start()

    def start(self) -> subprocess.Popen[bytes]:
        self._count += 1
        with (self._log / f"worker-{self._count}.log").open("wb") as output:
            worker = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "jittask_pg",
                    "worker",
                    "--import",
                    "tests.chaos.functions",
                    "--threads",
                    "4",
                    *self._options,
                ],
                cwd=ROOT,
                env={**os.environ, "JITTASK_DSN": self._dsn, "CHAOS_DSN": self._dsn},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def replace(self, worker: subprocess.Popen[bytes]) -> None:
        """A supervisor's work: one that ended is started again."""
        self.workers.remove(worker)
        self.start()

    def revive(self) -> int:
        """Start again whatever has ended by itself; how many that were."""
        ended = [worker for worker in self.workers if worker.poll() is not None]
        for worker in ended:
            self.replace(worker)
        return len(ended)

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL to one worker and all its children, and another in its place."""
        worker = dice.choice(self.workers)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.replace(worker)

    def terminate_one(self, dice: random.Random) -> None:
        """SIGTERM to one worker, which has to end cleanly, and another in its place."""
        worker = dice.choice(self.workers)
        worker.terminate()
        # -SIGTERM: it came before the interpreter had begun to listen to signals.
        assert worker.wait(timeout=40) in (0, -signal.SIGTERM), self.logs()
        self.replace(worker)

    def freeze_one(self, dice: random.Random, seconds: float) -> None:
        """SIGSTOP to one worker for longer than its lease."""
        worker = dice.choice(self.workers)
        os.killpg(worker.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(worker.pid, signal.SIGCONT)

    def logs(self) -> str:
        return "\n".join(
            f"{path.name}:\n{path.read_text(errors='replace')[-2000:]}"
            for path in sorted(self._log.glob("*.log"))
        )

    def stop(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        self.workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def until(condition: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Wait for something that other processes do; whether it came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
    return condition()
