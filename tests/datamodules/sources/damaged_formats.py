"""A small valid file of every format that is read, and how it is read, for the tests of damage."""

import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datamodules.instruction.conversation import Conversation
from datamodules.instruction.image_folder import ImageFolder
from datamodules.instruction.reading import ReadingOptions, read_conversations
from datamodules.protein_structure.backbone_files import pdb_text
from datamodules.protein_structure.backbones import GeneratedStructures, generate_backbone
from datamodules.sources import (
    clinvar_genes,
    clinvar_variants,
    dbgap,
    disgenet,
    gene_ontology,
    hpo,
    ncbi_gene,
    ncbi_gene2go,
    ncbi_generif,
    ncbi_medgen,
    omim_entries,
    omim_maps,
    omim_series,
    phegeni,
    uniprot,
)
from datamodules.sources.spatial_labels import read_labels
from datamodules.sources.spatial_sections import SectionSource, read_sections
from datamodules.sources.structures import read_protein_model
from geneverse_pl.data.images import decode_image, read_image_bytes
from tests.datamodules.corpus.toy_sources import FILES
from tests.datamodules.sources.conftest import FEATURES, ToyTissue
from tests.datamodules.sources.test_disgenet import FIRST, SECOND
from tests.datamodules.sources.test_hpo_genes import PHENOTYPE_TO_GENES
from tests.datamodules.sources.test_ncbi_gene import SUMMARY
from tests.datamodules.sources.test_ncbi_generif import TEXT as GENERIFS
from tests.datamodules.sources.test_omim_maps import SERIES
from tests.datamodules.sources.test_structures import CIF_CATEGORIES, HEADER, as_cif, cif_text
from tests.datamodules.sources.test_uniprot_vocabulary import VOCABULARY
from tests.datamodules.sources.uniprot_examples import DOCUMENT, FLAT, TABLE

Read = Callable[[Path], Iterable[object]]
_TISSUE = ToyTissue(
    np.random.default_rng(0).poisson(1.5, (len(FEATURES), 5)), tuple(f"AAC{letter}-1" for letter in "ACGTN")
)


@dataclass(frozen=True)
class Format:
    """A format of files.

    Args:
        write: Writes a valid example into an empty folder, and gives what is read: a file or a folder.
        read: Reads it.
        damaged: Pattern of the files that are damaged; None: the one that is read.
    """

    write: Callable[[Path], Path]
    read: Read
    damaged: str | None = None

    def targets(self, place: Path) -> list[Path]:
        """The files that may be damaged."""
        return [place] if self.damaged is None else sorted(place.rglob(self.damaged))


def _text(name: str, content: str | bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def _packed(name: str, content: str | bytes) -> Callable[[Path], Path]:
    return _text(name, gzip.compress(content.encode() if isinstance(content, str) else content, 1, mtime=0))


def _of_corpus(key: str, read: Read) -> Format:
    return Format(FILES[key].write, read)


def _ontology(read: Callable[[Path], Any]) -> Read:
    return lambda path: read(path).terms.values()


# --- structures ---


def _pdb() -> str:
    options = GeneratedStructures(min_residues=30, max_residues=32, ligand_fraction=1, seed=5)
    return HEADER + pdb_text(generate_backbone(0, options), "a bundle").partition("\n")[2]


def _cif() -> str:
    return cif_text(as_cif(_pdb(), CIF_CATEGORIES))


def _bcif() -> bytes:
    from biotite.structure.io import pdbx

    block = pdbx.BinaryCIFBlock(
        {
            name: pdbx.BinaryCIFCategory({key: column.as_array(str) for key, column in category.items()})
            for name, category in as_cif(_pdb(), CIF_CATEGORIES).block.items()
        }
    )
    stream = io.BytesIO()
    pdbx.BinaryCIFFile({"test": block}).write(stream)
    return stream.getvalue()


def _structure(path: Path) -> Iterator[object]:
    yield read_protein_model(path)


# --- sections of tissue ---


def _sections(path: Path) -> Iterator[object]:
    for section in read_sections(SectionSource(path)):
        if section.image is not None:
            section.image.open()
        yield section


def _h5ad(folder: Path) -> Path:
    anndata, pd = pytest.importorskip("anndata"), pytest.importorskip("pandas")

    spots = pd.DataFrame({"region": pd.Categorical(["a", "b", "a", "b"]), "in_tissue": 1}, index=list("wxyz"))
    genes = pd.DataFrame({"gene_ids": ["E1", "E2", "E3"]}, index=["G1", "G2", "G3"])
    counts = np.array([[0, 2, 1], [3, 0, 0], [1, 1, 0], [0, 0, 4]], dtype=np.float32)
    data = anndata.AnnData(counts, obs=spots, var=genes)
    data.obsm["spatial"] = np.array([[0.0, 1], [1, 1], [2, 1], [3, 1]])
    picture = np.zeros((6, 6, 3), np.float32)
    scales = {"tissue_hires_scalef": 0.5}
    data.uns["spatial"] = {"lib": {"images": {"hires": picture}, "scalefactors": scales}}
    data.write_h5ad(folder / "s.h5ad")
    return folder / "s.h5ad"


def _visium_of_texts(folder: Path) -> Path:
    _TISSUE.write_visium(folder / "v", header=False)
    (folder / "v" / "filtered_feature_bc_matrix.h5").unlink()
    _TISSUE.write_mtx(folder / "v" / "filtered_feature_bc_matrix", packed=False)
    return folder / "v"


def _xenium_of_parquet(folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    _TISSUE.write_xenium(folder / "x")
    (folder / "x" / "cells.csv.gz").unlink()
    places = [1.5 * number for number in range(len(_TISSUE.barcodes))]
    table = pa.table({"cell_id": list(_TISSUE.barcodes), "x_centroid": places, "y_centroid": places})
    parquet.write_table(table, folder / "x" / "cells.parquet")
    return folder / "x"


def _count_table() -> str:
    rows = [f"{number}x{2 * number}\t{number}\t0\t{3 * number}" for number in range(1, 9)]
    return "\n".join(["\tA1BG\tMT-CO1\tNAT1", *rows]) + "\n"


# --- users' own questions ---

_RECORDS = [
    {"question": f"What is {n}, a 'number'?", "answer": f"It is {n}.", "id": f"r{n}"} for n in range(8)
]
_CHATS = [
    {
        "id": n,
        "image": f"{n % 3}.png",
        "conversations": [
            {"from": "human", "value": f"<image>\nWhat is {n}?"},
            {"from": "gpt", "value": f"It is {n}."},
        ],
    }
    for n in range(6)
]


def _conversations(path: Path) -> Iterator[Conversation]:
    return read_conversations(path, ReadingOptions())


def _table_of_questions(separator: str) -> str:
    lines = [separator.join(_RECORDS[0]), *(separator.join(f'"{c}"' for c in r.values()) for r in _RECORDS)]
    return "\n".join(lines) + "\n"


def _parquet_of_questions(folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(_RECORDS), folder / "q.parquet")
    return folder / "q.parquet"


def _llava(folder: Path) -> Path:
    for number, kind in enumerate(("PNG", "JPEG", "GIF")):
        Image.new("RGB", (12, 12), (50 * number, 9, 9)).save(folder / f"{number}.png", kind)
    (folder / "llava.json").write_text(json.dumps(_CHATS, indent=1), encoding="utf-8")
    return folder


def _chats(folder: Path) -> Iterator[object]:
    images = ImageFolder(folder)
    for conversation in _conversations(folder / "llava.json"):
        for path in images.paths(conversation):
            decode_image(read_image_bytes(path), str(path))
        yield conversation


_LABELS = "spot,region,n\n" + "".join(f'"{n}x{n}","part {n % 3}",{n}\n' for n in range(9))
FORMATS: dict[str, Format] = {
    "gene_info": _of_corpus("ncbi_gene_info_human", ncbi_gene.read_gene_info),
    "gene_summary": Format(_text("gene_summary", SUMMARY), ncbi_gene.read_gene_summaries),
    "gene2go": _of_corpus("ncbi_gene2go", ncbi_gene2go.read_gene2go),
    "generifs": Format(_text("generifs_basic", GENERIFS), ncbi_generif.read_generifs),
    "mim2gene_medgen": _of_corpus("ncbi_mim2gene_medgen", ncbi_medgen.read_mim2gene_medgen),
    "go_obo": _of_corpus("go_basic", _ontology(gene_ontology.read_gene_ontology)),
    "hpo_obo": _of_corpus("hpo_ontology", _ontology(hpo.read_ontology)),
    "hpoa": _of_corpus("hpo_annotations", hpo.read_disease_annotations),
    "genes_to_phenotype": _of_corpus("hpo_genes_to_phenotype", hpo.read_gene_phenotypes),
    "phenotype_to_genes": Format(_text("p.txt", PHENOTYPE_TO_GENES), hpo.read_phenotype_genes),
    "genes_to_disease": _of_corpus("hpo_genes_to_disease", hpo.read_genes_to_disease),
    "mim2gene": _of_corpus("omim_mim2gene", omim_entries.read_mim2gene),
    "mim_titles": _of_corpus("omim_mim_titles", omim_entries.read_mim_titles),
    "genemap2": _of_corpus("omim_genemap2", omim_maps.read_gene_map),
    "morbidmap": _of_corpus("omim_morbidmap", omim_maps.read_morbid_map),
    "phenotypic_series": Format(_text("series.txt", SERIES), omim_series.read_phenotypic_series),
    "clinvar_genes": _of_corpus("clinvar_gene_condition", clinvar_genes.read_gene_conditions),
    "clinvar_variants": _of_corpus("clinvar_variant_summary", clinvar_variants.read_variants),
    "uniprot_table": Format(_text("u.tsv", TABLE), uniprot.read_protein_table),
    "uniprot_json": Format(_text("u.json", DOCUMENT), uniprot.read_protein_json),
    "uniprot_flat": Format(_text("u.dat", FLAT), uniprot.read_protein_flat_file),
    "humdisease": Format(_text("humdisease.txt", VOCABULARY), uniprot.read_disease_vocabulary),
    "disgenet_table": _of_corpus("disgenet_curated", disgenet.read_gene_disease_table),
    "disgenet_json": Format(
        _text("d.json", json.dumps({"payload": [FIRST, SECOND]}, indent=1)), disgenet.read_gene_disease_json
    ),
    "dbgap": _of_corpus("dbgap_dictionaries", dbgap.read_data_dictionary),
    "phegeni": _of_corpus("phegeni_associations", phegeni.read_trait_associations),
    "pdb": Format(_text("a.pdb", _pdb()), _structure),
    "cif": Format(_text("a.cif", _cif()), _structure),
    "bcif": Format(_text("a.bcif", _bcif()), _structure),
    "bcif_gz": Format(_packed("a.bcif.gz", _bcif()), _structure),
    "h5ad": Format(_h5ad, _sections),
    "visium": Format(lambda folder: _TISSUE.write_visium(folder / "v"), _sections, "*.*"),
    "visium_of_texts": Format(_visium_of_texts, _sections, "*.*"),
    "xenium": Format(lambda folder: _TISSUE.write_xenium(folder / "x"), _sections, "*.*"),
    "xenium_of_parquet": Format(_xenium_of_parquet, _sections, "cells.parquet"),
    "count_table": Format(_text("t.tsv", _count_table()), _sections),
    "labels": Format(_text("labels.csv", _LABELS), partial(read_labels, label_column="region")),
    "questions_json": Format(_text("q.json", json.dumps(_RECORDS, indent=1)), _conversations),
    "questions_jsonl": Format(
        _text("q.jsonl", "".join(json.dumps(record) + "\n" for record in _RECORDS)), _conversations
    ),
    "questions_csv": Format(_text("q.csv", _table_of_questions(",")), _conversations),
    "questions_tsv": Format(_text("q.tsv", _table_of_questions("\t")), _conversations),
    "questions_parquet": Format(_parquet_of_questions, _conversations),
    "llava": Format(_llava, _chats, "*.*"),
}
