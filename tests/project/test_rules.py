"""The rules of the tree: which way dependencies run, how large files are, what they may hold."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

MAX_LINES = 400
VAGUE_NAMES = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
# Where the module on the left lies, the modules on the right are not imported.
FORBIDDEN = {
    "geneverse_pl/models": ("lightning", "pytorch_lightning", "geneverse_pl.tasks", "geneverse_pl.callbacks"),
    "geneverse_pl/data": ("geneverse_pl.tasks", "geneverse_pl.callbacks", "geneverse_pl.generation"),
    "geneverse_pl/evaluation": (
        "lightning",
        "torch",
        "transformers",
        "geneverse_pl.models",
        "geneverse_pl.tasks",
        "geneverse_pl.report",
    ),
    "geneverse_pl/report": (
        "lightning",
        "torch",
        "transformers",
        "geneverse_pl.data",
        "geneverse_pl.models",
        "geneverse_pl.tasks",
        "geneverse_pl.commands",
    ),
    "geneverse_pl/metrics": ("lightning", "geneverse_pl.models", "geneverse_pl.data", "geneverse_pl.tasks"),
    "geneverse_pl/endpoint": (
        "lightning",
        "torch",
        "transformers",
        "geneverse_pl.data",
        "geneverse_pl.models",
    ),
    "geneverse_pl/grounding": (
        "lightning",
        "torch",
        "transformers",
        "geneverse_pl.data",
        "geneverse_pl.models",
        "geneverse_pl.tasks",
    ),
    "geneverse_pl/baselines": (
        "lightning",
        "torch",
        "transformers",
        "geneverse_pl.models",
        "geneverse_pl.tasks",
    ),
    "geneverse_pl/judging": (
        "lightning",
        "torch",
        "transformers",
        "geneverse_pl.data",
        "geneverse_pl.models",
        "geneverse_pl.tasks",
    ),
    "geneverse_pl/retrieval": (
        "lightning",
        "geneverse_pl.data",
        "geneverse_pl.generation",
        "geneverse_pl.tasks",
    ),
    "geneverse_pl/rephrasing": ("lightning", "torch", "transformers", "geneverse_pl.tasks"),
    "geneverse_pl/generation": ("lightning", "geneverse_pl.tasks", "geneverse_pl.callbacks"),
    "geneverse_pl/representations": (
        "lightning",
        "geneverse_pl.tasks",
        "geneverse_pl.callbacks",
        "geneverse_pl.commands",
    ),
    "geneverse_pl/tasks": ("geneverse_pl.callbacks", "geneverse_pl.commands", "geneverse_pl.cli"),
    "datamodules/sources": (
        "torch",
        "lightning",
        "transformers",
        "geneverse_pl.data",
        "geneverse_pl.evaluation",
    ),
}
# What the data modules may know of the machinery.
OPEN_TO_DATAMODULES = (
    "geneverse_pl.data",
    "geneverse_pl.evaluation",
    "geneverse_pl.exceptions",
    "geneverse_pl.grounding",
    "geneverse_pl.places",
    "geneverse_pl.retrieval.passages",
    "geneverse_pl.whole_file",
)


def is_within(module: str, packages: Iterable[str]) -> bool:
    """Whether a module is one of the packages or lies in one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def package_files(paths: Iterable[Path]) -> list[Path]:
    """The files that are installed."""
    return [path for path in paths if path.parts[0] in ("geneverse_pl", "datamodules")]


def test_the_machinery_knows_no_data_module(imports: dict[Path, dict[str, int]]) -> None:
    offences = [
        f"{path}:{line} imports {module}"
        for path, modules in imports.items()
        if path.parts[0] == "geneverse_pl" and path != Path("geneverse_pl/cli.py")
        for module, line in modules.items()
        if is_within(module, ["datamodules"])
    ]
    assert offences == []


def test_data_modules_know_data_evaluation_and_errors_only(imports: dict[Path, dict[str, int]]) -> None:
    offences = [
        f"{path}:{line} imports {module}"
        for path, modules in imports.items()
        if path.parts[0] == "datamodules"
        for module, line in modules.items()
        if is_within(module, ["geneverse_pl"])
        and not is_within(module, OPEN_TO_DATAMODULES)
        # `from geneverse_pl import exceptions` names the package and the module.
        and module != "geneverse_pl"
    ]
    assert offences == []


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_dependencies_run_one_way(folder: str, imports: dict[Path, dict[str, int]]) -> None:
    inside = {path: modules for path, modules in imports.items() if path.is_relative_to(folder)}
    assert inside, f"{folder} has no files"
    offences = [
        f"{path}:{line} imports {module}"
        for path, modules in inside.items()
        for module, line in modules.items()
        if is_within(module, FORBIDDEN[folder])
    ]
    assert offences == []


def test_imports_are_absolute_and_by_name(trees: dict[Path, ast.Module]) -> None:
    offences = [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.level > 0 or node.names[0].name == "*")
    ]
    assert offences == []


def test_file_names_say_what_is_inside(trees: dict[Path, ast.Module]) -> None:
    assert [path for path in trees if path.name in VAGUE_NAMES] == []


def test_files_are_short(trees: dict[Path, ast.Module], root: Path) -> None:
    lengths = {path: len((root / path).read_text(encoding="utf-8").splitlines()) for path in trees}
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_package_files_only_re_export(trees: dict[Path, ast.Module]) -> None:
    offences = [
        f"{path}:{node.lineno}"
        for path in package_files(trees)
        if path.name == "__init__.py"
        for node in trees[path].body
        if not re_exports(node)
    ]
    assert offences == []


def re_exports(node: ast.stmt) -> bool:
    """Whether a statement of an ``__init__.py`` is a text, an import, a constant or lazy ``__getattr__``."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.Assign):
        return all(
            isinstance(target, ast.Name) and (target.id.isupper() or target.id.startswith("__"))
            for target in node.targets
        )
    if isinstance(node, ast.FunctionDef):
        return node.name == "__getattr__"
    if isinstance(node, ast.If):
        # What __getattr__ gives at run time is imported for type checkers.
        is_for_types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return is_for_types and not node.orelse and all(map(re_exports, node.body))
    return isinstance(node, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize("package", ["geneverse_pl", "datamodules"])
def test_lazy_exports_are_there(package: str) -> None:
    module = importlib.import_module(package)
    missing = [name for name in module.__all__ if getattr(module, name, None) is None]
    assert missing == []
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = module.Nonsense


def test_tests_mirror_the_packages(trees: dict[Path, ast.Module]) -> None:
    folders = {path.parent for path in package_files(trees)}
    tested = {
        path.relative_to("tests").parent
        for path in trees
        if path.is_relative_to("tests") and path.name.startswith("test_")
    }
    assert tested - folders - {Path("project")} == set()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], [], ["fitt"], ["--config", "a.yaml"], ["fit", "--config", "none.yaml"]],
)
def test_help_and_early_errors_do_not_load_torch(arguments: list[str], root: Path) -> None:
    code = (
        f"import sys; sys.argv = ['geneverse_pl', *{arguments!r}]\n"
        "import geneverse_pl, datamodules\n"
        "from geneverse_pl.__main__ import main\n"
        "main()\n"
        "heavy = {'torch', 'transformers', 'lightning', 'h5py', 'sklearn', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {sorted(heavy)}' if heavy else 0)\n"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout or outcome.stderr.startswith("error: ")
