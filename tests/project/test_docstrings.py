"""Every public class, function, method and property says what it does, or what it overrides does."""

import importlib
import inspect
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType

import pytest

OWN = ("geneverse_pl", "datamodules")


def module_names() -> list[str]:
    """Names of all modules of the packages."""
    root = Path(__file__).parents[2]
    paths = sorted(path.relative_to(root) for package in OWN for path in (root / package).rglob("*.py"))
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]


def public_members(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Public classes and functions that a module defines, and the public members the classes define."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value):
            yield name, value
            for member in vars(value):
                attribute = inspect.getattr_static(value, member)
                if not member.startswith("_") and (
                    inspect.isroutine(attribute) or isinstance(attribute, property | cached_property)
                ):
                    yield f"{name}.{member}", getattr(value, member)
        elif inspect.isfunction(value):
            yield name, value


@pytest.mark.parametrize("name", module_names())
def test_module_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    is_package = module.__file__ is not None and Path(module.__file__).name == "__init__.py"
    assert inspect.getdoc(module) or is_package
    assert [member for member, value in public_members(module) if not inspect.getdoc(value)] == []
