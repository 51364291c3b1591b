"""Which genes of a corpus share a split by their symbols."""

from pathlib import Path

from datamodules import GeneCorpusDataModule
from datamodules.corpus import CorpusSources
from tests.datamodules.gene_corpus.conftest import lists
from tests.datamodules.gene_function.toy_genes import GENE_INFO, STEMS, info_row, write_table


def test_pseudogenes_go_with_their_genes(tmp_path: Path) -> None:
    rows: list[list[str]] = []
    for stem in STEMS[:40]:
        for symbol, name in ((f"{stem}37", "protein"), (f"{stem}37P24", "protein 37 pseudogene 24")):
            rows.append(info_row(len(rows) + 1, symbol, f"{stem.lower()} {name}"))
    write_table(tmp_path / "gene_info", GENE_INFO.split(), rows)
    data = GeneCorpusDataModule(
        sources=CorpusSources(ncbi_gene_info_human=tmp_path / "gene_info"),
        bundled_hpo=False,
        stage="records",
        records=["gene"],
        val_fraction=0.2,
        held_out_fraction=0.3,
        cache_dir=tmp_path / "cache",
    )
    found = {
        str(sample.metadata["subject"]): (split, sample.group)
        for split, samples in lists(data).items()
        if split != "memorised"
        for sample in samples
    }
    assert len(found) == len(rows)
    for number in range(1, len(rows), 2):
        assert found[f"NCBIGene:{number}"] == found[f"NCBIGene:{number + 1}"]
