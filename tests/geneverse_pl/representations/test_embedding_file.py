from pathlib import Path

import h5py
import numpy as np
import pytest

from geneverse_pl.exceptions import DataFormatError
from geneverse_pl.representations.embedding_file import EmbeddingFile, read_embeddings, write_embeddings
from geneverse_pl.representations.items import Item


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    items = [Item("1", "β-globin", "gene", {"family": "HB"}), Item("2", "x", "gene", {})]
    content = EmbeddingFile(items, {"tuned": {"layer_2": vectors}}, {"carrier": "The {name}", "seed": 0})
    write_embeddings(tmp_path / "embeddings.h5", content)
    found = read_embeddings(tmp_path / "embeddings.h5")
    assert list(found.items) == items
    assert found.provenance == content.provenance
    np.testing.assert_array_equal(found.vectors["tuned"]["layer_2"], vectors)
    assert [path.name for path in tmp_path.iterdir()] == ["embeddings.h5"]


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="is no file of embeddings"):
        read_embeddings(tmp_path / "none.h5")
    with h5py.File(tmp_path / "other.h5", "w"):
        pass
    with pytest.raises(DataFormatError, match="is no file of embeddings of version 1"):
        read_embeddings(tmp_path / "other.h5")
