"""Source files of genes, diseases and phenotypes that do not exist, in the public formats and of any size."""

import random
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

_SAMPLES_OF_A_GENE = 54  # training questions on a gene and its disease, as they are asked by default
_FEWEST_GENES = 100
_NUM_TERMS = 10_000
_TERMS_OF_ONE = 10
_ROOT = "HP:0000118"
_HEADERS = {
    "Homo_sapiens.gene_info": "#tax_id GeneID Symbol LocusTag Synonyms dbXrefs chromosome map_location "
    "description type_of_gene Symbol_from_nomenclature_authority Full_name_from_nomenclature_authority "
    "Nomenclature_status Other_designations Modification_date Feature_type",
    "gene2go": "#tax_id GeneID GO_ID Evidence Qualifier GO_term PubMed Category",
    "phenotype.hpoa": "database_id disease_name qualifier hpo_id reference evidence onset frequency sex "
    "modifier aspect biocuration",
    "genes_to_phenotype.txt": "ncbi_gene_id gene_symbol hpo_id hpo_name frequency disease_id",
}


def write_sources(folder: Path, num_samples: int, seed: int = 0) -> Path:
    """Writes ``gene_info``, ``gene2go``, ``hp.obo``, ``phenotype.hpoa`` and ``genes_to_phenotype.txt``.

    Every gene has a disease of its own, ten GO terms, and the ten phenotypes of the disease.

    Args:
        folder: Where to; it is made.
        num_samples: About how many training questions are to come of them, at most 40 million.
        seed: Seed of names and links.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    phrases = made_up_phrases(rng)
    functions = {f"GO:{number:07}": next(phrases) for number in range(100_000, 100_000 + _NUM_TERMS)}
    phenotypes = {f"HP:{number:07}": next(phrases) for number in range(10_000, 10_000 + _NUM_TERMS)}
    (folder / "hp.obo").write_text(ontology(phenotypes))
    genes = max(_FEWEST_GENES, num_samples // _SAMPLES_OF_A_GENE)
    rows = zip(
        *(_of_gene(number, next(phrases), functions, phenotypes, rng) for number in range(genes)), strict=True
    )
    for name, of_all in zip(_HEADERS, rows, strict=True):
        lines = ["\t".join(_HEADERS[name].split()), *("\t".join(row) for found in of_all for row in found)]
        (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def made_up_phrases(rng: random.Random) -> Iterator[str]:
    """Names of two to five words, each with a number of its own."""
    syllables = [a + b for a in "bcdfglmnprst" for b in ("a", "e", "i", "o", "u", "en", "ic", "os")]
    words = ["".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(4000)]
    for number in count():
        yield f"{' '.join(rng.choices(words, k=rng.randint(2, 5)))} {number}".capitalize()


def ontology(phenotypes: dict[str, str]) -> str:
    """``hp.obo``: terms below the root of phenotypes, each tenth one with the nine after it below it."""
    stanzas = ["format-version: 1.2\ndata-version: hp/releases/2025-01-16\n"]
    stanzas += ["[Term]\nid: HP:0000001\nname: All\n", f"[Term]\nid: {_ROOT}\nname: Root\nis_a: HP:0000001\n"]
    parent = _ROOT
    for place, (term, name) in enumerate(phenotypes.items()):
        above = _ROOT if place % 10 == 0 else parent
        parent = term if place % 10 == 0 else parent
        stanzas.append(f"[Term]\nid: {term}\nname: {name}\nis_a: {above}\n")
    return "\n".join(stanzas)


def _of_gene(
    number: int, name: str, functions: dict[str, str], phenotypes: dict[str, str], rng: random.Random
) -> tuple[Iterable[list[str]], ...]:
    """The rows of each table on a gene and its disease."""
    gene, symbol, disease = str(number + 1), _symbol(number), f"OMIM:{100_000 + number}"
    info = [
        "9606",
        gene,
        symbol,
        "-",
        "-",
        "-",
        "1",
        "1p1",
        f"gene {gene}",
        "protein-coding",
        symbol,
        f"gene {gene}",
    ]
    terms = rng.sample(list(functions), _TERMS_OF_ONE)
    shown = rng.sample(list(phenotypes), _TERMS_OF_ONE)
    source = ["PMID:1", "PCS", "", "", "", "", "P", "HPO:nobody[2025-01-16]"]
    return (
        [[*info, "O", "-", "20250101", "-"]],
        [["9606", gene, one, "IDA", "involved_in", functions[one], "1", "Process"] for one in terms],
        [[disease, name, "", one, *source] for one in shown],
        [[gene, symbol, one, phenotypes[one], "-", disease] for one in shown],
    )


def _symbol(number: int) -> str:
    """Six letters, other ones for each number."""
    letters = ""
    for _ in range(6):
        number, rest = divmod(number, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
