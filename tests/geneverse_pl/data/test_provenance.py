import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from transformers import PreTrainedTokenizerFast

from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.provenance import code_digest, tokenizer_digest

MODULE = "from geneverse_pl.data.datamodule import TextDataModule\nclass Mine(TextDataModule):\n    pass\n"


@pytest.fixture
def load() -> Iterator[Callable[[str, Path], ModuleType]]:
    """Imports a file under a name, for this test only."""
    names = []

    def load_file(name: str, path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        names.append(name)
        spec.loader.exec_module(module)
        return module

    yield load_file
    for name in names:
        sys.modules.pop(name, None)


def digest(module: ModuleType) -> str:
    return code_digest(module.Mine, TextDataModule)


def test_code_of_a_script_counts_and_its_neighbours_do_not(
    tmp_path: Path, load: Callable[[str, Path], ModuleType]
) -> None:
    script = tmp_path / "my_script.py"
    script.write_text(MODULE)
    module = load("my_script", script)
    usual = digest(module)
    (tmp_path / "other.py").write_text("x = 1\n")
    assert digest(module) == usual
    script.write_text(MODULE + "x = 1\n")
    assert digest(module) != usual


def test_code_of_a_whole_package_counts_wherever_it_lies(
    tmp_path: Path, load: Callable[[str, Path], ModuleType]
) -> None:
    digests = []
    for place in ("here", "there"):
        package = tmp_path / place / "my_package"
        (package / "sources").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "mine.py").write_text(MODULE)
        load("my_package", package / "__init__.py")
        module = load("my_package.mine", package / "mine.py")
        digests.append(digest(module))
        (package / "sources" / "reader.py").write_text("x = 1\n")
        assert digest(module) != digests[-1]
    assert digests[0] == digests[1]


def test_the_machinery_counts_for_all() -> None:
    assert code_digest(TextDataModule, TextDataModule) == code_digest(TextDataModule, TextDataModule)
    assert len(code_digest(TextDataModule, TextDataModule)) == 16


def test_a_tokenizer_is_what_it_does_to_a_text(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    usual = tokenizer_digest(tiny_tokenizer)
    tiny_tokenizer(["a", "b c"], padding=True, truncation=True, max_length=2)
    tiny_tokenizer.chat_template = None
    assert tokenizer_digest(tiny_tokenizer) == usual
    tiny_tokenizer.eos_token = "<|endoftext|>"
    other_end = tokenizer_digest(tiny_tokenizer)
    tiny_tokenizer.add_tokens(["HP:0001250"])
    assert len({usual, other_end, tokenizer_digest(tiny_tokenizer)}) == 3
