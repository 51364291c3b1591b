"""Is a gene protein-coding? Asked by its symbol and name."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from geneverse_pl.data.datamodule import BatchingConfig, EncodingConfig, TextDataModule
from geneverse_pl.data.records import Sample
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.splits import assign_groups
from geneverse_pl.evaluation.text_report import TrainingKnowledge

CODING = "protein-coding"


class GeneTypeDataModule(TextDataModule):
    """Yes/no questions about the type of genes.

    Args:
        csv_file: Table with the columns ``symbol``, ``name`` and ``type``.
        encoding: How samples become tokens.
        batching: How samples become batches.
        seed: Seed of splits and batches, >= 0.
        cache_dir: Folder of the prepared stores; None takes the user's cache.
    """

    has_knowledge = True

    def __init__(
        self,
        csv_file: Path,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding, batching, seed, cache_dir)
        self.csv_file = csv_file

    def source_files(self) -> list[Path]:
        """The one table."""
        return [self.csv_file]

    def options(self) -> Mapping[str, object]:
        """Nothing but the table and the seed determines the samples."""
        return {}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """Each gene in one split; the training questions are asked again as the memorised ones."""
        with self.csv_file.open(encoding="utf-8", newline="") as stream:
            self._genes = list(csv.DictReader(stream))
        sizes = {gene["symbol"]: 1 for gene in self._genes}
        self._splits = assign_groups(sizes, {"train": 0.6, "val": 0.2, "held_out": 0.2}, self.seed)
        samples = {name: [_sample(gene) for gene in self._of(name)] for name in ("train", "val", "held_out")}
        return samples | {"memorised": samples["train"]}

    def documents(self) -> Mapping[str, Any]:
        """What the controls may know: the training genes."""
        genes = self._of("train")
        table = RelationTable(
            relation="gene_type",
            subjects={gene["symbol"]: gene["name"] for gene in genes},
            objects={gene["type"]: gene["type"] for gene in genes},
            pairs={gene["symbol"]: [gene["type"]] for gene in genes},
        )
        questions = [RelationQuestion(gene["symbol"], CODING, gene["type"] == CODING) for gene in genes]
        knowledge = TrainingKnowledge({"gene_type": table}, {"gene_type": questions})
        return {"training_knowledge": knowledge.to_document()}

    def _of(self, split: str) -> list[dict[str, str]]:
        return [gene for gene in self._genes if self._splits[gene["symbol"]] == split]


def _sample(gene: Mapping[str, str]) -> Sample:
    is_coding = gene["type"] == CODING
    return Sample(
        context=f"Gene: {gene['symbol']}, {gene['name']}",
        question="Does it code for a protein?",
        answer="Yes" if is_coding else "No",
        kind="relation/gene_type",
        group=gene["symbol"],
        choices=("Yes", "No"),
        metadata={
            "subject": gene["symbol"],
            "subject_name": gene["name"],
            "object": CODING,
            "label": is_coding,
        },
    )
