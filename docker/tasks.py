"""The functions that the workers of compose.yaml know; put yours here."""

from jittask_pg import handler


@handler
def greet(name: str) -> str:
    return f"Hello, {name}"
