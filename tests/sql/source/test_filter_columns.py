"""filter_columns: the columns that a filter uses."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.sql.source.helpers import refusal, value


@pytest.mark.parametrize(
    ("filter", "columns"),
    [
        ({}, []),
        ({"b": 1, "a": None}, ["a", "b"]),
        ({"a": {"field": "z"}}, ["a", "z"]),
        ({"a": {"field": "z", "x": 1}}, ["a"]),
        ({"and": [{"a": 1}, {"or": [{"not": {"c": 1}}, {"field": "a", "op": "is_null"}]}]}, ["a", "c"]),
        ({"field": "a", "op": "in", "value": [1, {"field": "b"}, {"field": "b"}]}, ["a", "b"]),
        ({"field": "a", "op": "between", "value": [{"field": "c"}, {"field": "b"}]}, ["a", "b", "c"]),
        ({"field": "a", "op": "=", "value": [{"field": "b"}]}, ["a"]),
        ({"field": "x"}, ["field"]),
        ({"B": 1, "ä": 1, "a": 1, "aa": 1}, ["B", "a", "aa", "ä"]),
    ],
)
def test_each_column_is_named_once_in_order(
    connection: psycopg.Connection, filter: object, columns: list[str]
) -> None:
    assert value(connection, "select jittask.filter_columns(%s)", [json.dumps(filter)]) == columns


def test_no_filter_uses_no_column(connection: psycopg.Connection) -> None:
    assert value(connection, "select jittask.filter_columns(null)") == []


def test_a_filter_of_unknown_shape_is_refused(connection: psycopg.Connection) -> None:
    said = refusal(connection, "select jittask.filter_columns(%s)", ['{"or": []}'])
    assert said.message_primary == 'Filter key "or" does not take the value "[]"'
