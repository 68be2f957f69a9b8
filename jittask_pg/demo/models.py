"""The tables as an application maps them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime

__all__ = ["Contract", "Order"]


class Base(DeclarativeBase):
    """Base of the mapped classes."""


class Contract(Base):
    """A contract with a customer."""

    __tablename__ = "contract"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    customer: Mapped[str]
    amount: Mapped[Decimal]
    expires_on: Mapped[date]
    status: Mapped[str]
    review_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    review_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Order(Base):
    """An order in the shop."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    customer: Mapped[str]
    email: Mapped[str]
    amount: Mapped[Decimal]
    status: Mapped[str] = mapped_column(default="unpaid")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
