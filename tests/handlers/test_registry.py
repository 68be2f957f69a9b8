"""Names of functions, and how far they reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jittask_pg.errors import InvalidValueError, NotFoundError
from jittask_pg.handlers import Registry, call_error, import_modules


def remind(row: object, days: int = 3) -> None: ...


async def remind_async(row: object, context: object) -> None: ...


class OrderSvc:
    @staticmethod
    def cancel(order_id: int) -> None: ...


def test_a_function_is_registered_under_its_own_name_or_a_given_one() -> None:
    registry = Registry()
    assert registry.add(remind) == "remind"
    assert registry.add(OrderSvc.cancel) == "OrderSvc.cancel"
    assert registry.add(remind_async, "later") == "later"
    assert registry.names() == ["OrderSvc.cancel", "later", "remind"]
    assert registry.resolve("later") is remind_async
    assert registry.name_of(remind) == "remind"
    assert registry.name_of(print) is None


def test_two_functions_of_one_name_are_refused() -> None:
    registry = Registry({"remind": remind})
    assert registry.add(remind) == "remind"
    with pytest.raises(InvalidValueError, match=r'"remind"') as refused:
        registry.add(remind_async, "remind")
    assert "remind_async" in str(refused.value)


@pytest.mark.parametrize("name", ["", " ", "sql:app.f"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError, match="name is"):
        Registry().add(remind, name)


def test_a_lambda_needs_a_name() -> None:
    with pytest.raises(InvalidValueError, match="no name of its own"):
        Registry().add(lambda: None)


def test_a_dotted_path_is_followed_in_allowed_modules_only() -> None:
    path = f"{__name__}.remind"
    assert Registry().resolve(path, ["tests.handlers"]) is remind
    for allowed in ([], ["tests.handler"], ["tests.handlers.test_registry.remind"], ["other"]):
        with pytest.raises(NotFoundError, match="neither registered nor in an allowed module"):
            Registry().resolve(path, allowed)


@pytest.mark.parametrize(
    "attribute", ["pytest", "Registry", "OrderSvc", "__name__", "call_error", "nothing", "annotations"]
)
def test_only_functions_defined_in_the_module_are_found(attribute: str) -> None:
    with pytest.raises(NotFoundError, match=r"defines no function|neither registered"):
        Registry().resolve(f"{__name__}.{attribute}", ["tests.handlers"])


@pytest.mark.parametrize("path", ["remind", "tests..remind", "tests.handlers.", ".remind", "a b.c", "os;x.y"])
def test_what_is_no_path_is_not_followed(path: str) -> None:
    with pytest.raises(NotFoundError, match="is not registered"):
        Registry().resolve(path, ["tests", "os", ""])


def test_a_module_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"tests\.handlers\.missing") as refused:
        Registry().resolve("tests.handlers.missing.f", ["tests"])
    assert "ModuleNotFoundError" in str(refused.value)
    with pytest.raises(NotFoundError, match="no_such_module"):
        import_modules(["no_such_module"])


def test_calls_are_checked_against_the_parameters() -> None:
    assert call_error(remind, ["days"], takes_row=True) is None
    assert call_error(remind_async, [], takes_row=True) is None
    assert call_error(remind, ["weeks"], takes_row=True) == "got an unexpected keyword argument 'weeks'"
    assert call_error(OrderSvc.cancel, [], takes_row=False) == "missing a required argument: 'order_id'"
    assert (
        call_error(OrderSvc.cancel, ["order_id"], takes_row=True) == "multiple values for argument 'order_id'"
    )


def test_a_function_with_yield_is_refused_because_a_call_would_run_nothing_of_it() -> None:
    def walk() -> Iterator[int]:
        yield 1

    assert "yield" in str(call_error(walk, [], takes_row=False))
