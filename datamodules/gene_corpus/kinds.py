"""The kinds of samples of both stages, and which of them a corpus has data for."""

import logging
from collections.abc import Sequence
from typing import Literal, get_args

from datamodules.gene_corpus.pairs import views_with_data
from datamodules.gene_corpus.questions import RELATION_TYPE_NAME
from datamodules.gene_corpus.records import RecordKind
from datamodules.gene_corpus.workspace import Workspace
from geneverse_pl.exceptions import ConfigError

logger = logging.getLogger(__name__)

QuestionKind = Literal[
    "relation/gene_encodes_protein",
    "relation/gene_disease",
    "relation/gene_phenotype",
    "relation/disease_phenotype",
    "relation/protein_disease",
    "relation/gene_go",
    "relation/gene_protein_disease",
    "relation/gene_protein_phenotype",
    "list/gene_disease",
    "list/gene_phenotype",
    "list/disease_phenotype",
    "list/disease_gene",
    "list/protein_disease",
    "list/gene_go",
    "list/gene_protein_disease",
    "list/gene_protein_phenotype",
    "fact/gene_encodes_protein",
    "fact/protein_gene",
    "fact/disease_gene",
    "fact/relation_type",
]


def kinds_with_data(
    work: Workspace,
    stage: str,
    records: Sequence[RecordKind] | None,
    questions: Sequence[QuestionKind] | None,
) -> list[str]:
    """Kinds of samples, ``form/name``, that are made.

    Args:
        work: The workspace, with entities and pairs.
        stage: ``records`` or ``relations``.
        records: What records are about; None takes all that there is data for.
        questions: Kinds of questions; None takes all that there is data for.

    Raises:
        ConfigError: If the corpus has no data for a kind that is named, or for any.
    """
    if stage == "records":
        found = {kind for (kind,) in work.rows("SELECT DISTINCT kind FROM named")}
        wanted = [f"list/{kind}_record" for kind in records or get_args(RecordKind)]
        there = [kind for kind in wanted if kind.removeprefix("list/").removesuffix("_record") in found]
        is_named = records is not None
    else:
        views = views_with_data(work) | {RELATION_TYPE_NAME}
        wanted = list(questions or get_args(QuestionKind))
        there = [kind for kind in wanted if kind.partition("/")[2] in views]
        is_named = questions is not None
    lacking = [kind for kind in wanted if kind not in there]
    if lacking and (is_named or not there):
        raise ConfigError(
            "The corpus must have data for each kind that is asked for, and has none for "
            f"{', '.join(lacking)}. Add a source that has, or choose other kinds."
        )
    if lacking:
        logger.info("no data for %s", ", ".join(lacking))
    return there
