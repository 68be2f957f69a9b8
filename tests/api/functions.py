"""Functions that tests schedule and enqueue; nothing calls them."""

from __future__ import annotations

from typing import Any


def report() -> None: ...


def remind(row: Any) -> None: ...


def check_and_cancel(order_id: int) -> None: ...


def with_context(order_id: int, context: Any) -> None: ...


def anything(**args: Any) -> None: ...
