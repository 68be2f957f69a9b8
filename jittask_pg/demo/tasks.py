"""The functions of the tour, as an application would write them; workers get them by ``--import``."""

from __future__ import annotations

from typing import Any

from ..handlers import handler

__all__ = ["cancel_unpaid", "check_stock", "ping_gateway", "remind", "review", "send_receipt"]


@handler
def check_stock(shelf: str) -> str:
    """Runs every two seconds; a scheduled task's function takes its args alone."""
    return f"shelf {shelf} is full"


@handler
async def ping_gateway() -> str:
    """Runs by a cron expression; ``async def`` functions share one event loop."""
    return "pong"


@handler
def remind(row: Any) -> str:
    """Runs for a contract three days before it expires; the row comes first."""
    return f"{row.number} of {row.customer} expires on {row.expires_on:%d %b}"


@handler
def review(row: Any) -> str:
    """Runs every few seconds for a contract under review."""
    return f"{row.number} looked at"


@handler
def cancel_unpaid(row: Any, context: Any) -> str:
    """Runs 30 minutes after an unpaid order; its update and the record of the run commit together."""
    context.connection.execute(
        "update orders set status = 'cancelled', cancelled_at = now() where id = %s and status = 'unpaid'",
        [row.id],
    )
    return f"{row.number} cancelled, {row.amount}"


@handler
def send_receipt(number: str) -> str:
    """A one-off, enqueued along with the order it is for."""
    return f"receipt for {number} sent"
