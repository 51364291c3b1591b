"""The project's own files, as the tests of its form see them."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def trees() -> dict[Path, ast.Module]:
    """Every Python file of the project, by its path within it, parsed."""
    folders = ("geneverse_pl", "datamodules", "tests", "docs", "benchmarks")
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="session")
def imports(trees: dict[Path, ast.Module]) -> dict[Path, dict[str, int]]:
    """For each file the modules it imports, wherever in it, with a line.

    ``from a.b import c`` stands as ``a.b`` and as ``a.b.c``, since ``c`` may be a module too.
    """
    return {path: _imports(tree) for path, tree in trees.items()}


def _imports(tree: ast.Module) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name: node.lineno for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found[node.module] = node.lineno
            found |= {f"{node.module}.{alias.name}": node.lineno for alias in node.names}
    return found
