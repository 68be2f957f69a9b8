"""A function of Python's, for workers beside sessions of the database."""


def note() -> None:
    """Does nothing."""
