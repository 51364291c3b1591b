"""Small files of the Human Phenotype Ontology and of genes, written by seeded generators in the true form."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.datamodules.gene_function.toy_genes import write_toy_genes

RELEASE = "2025-01-16"
ORGANS = ("eye", "heart", "kidney", "skin", "brain")
NAME_PATTERNS = (
    "{name} syndrome",
    "{name}-{other} syndrome {number}",
    "{organ} dystrophy, autosomal recessive {number}",
    "Familial {organ} dysplasia, {name} type",
    "{name} disease with {organ} involvement",
    "Spastic paraplegia {number}, autosomal dominant",
)
SURNAMES = ("Abel", "Brandt", "Costa", "Dvorak", "Eriksen", "Fontaine", "Garcia", "Hoang", "Ito", "Jansen")
INHERITANCE = ("HP:0000006", "HP:0000007", "HP:0001417")
ONSETS = ("HP:0003577", "HP:0003593", "HP:0003581")

# id, name, parents
SCAFFOLD = (
    ("HP:0000001", "All", ()),
    ("HP:0000118", "Phenotypic abnormality", ("HP:0000001",)),
    ("HP:0000005", "Mode of inheritance", ("HP:0000001",)),
    ("HP:0000006", "Autosomal dominant inheritance", ("HP:0000005",)),
    ("HP:0000007", "Autosomal recessive inheritance", ("HP:0000005",)),
    ("HP:0001417", "X-linked inheritance", ("HP:0000005",)),
    ("HP:0031797", "Clinical course", ("HP:0000001",)),
    ("HP:0003674", "Onset", ("HP:0031797",)),
    ("HP:0003577", "Congenital onset", ("HP:0003674",)),
    ("HP:0003593", "Infantile onset", ("HP:0003674",)),
    ("HP:0003581", "Adult onset", ("HP:0003674",)),
    ("HP:0012823", "Clinical modifier", ("HP:0000001",)),
    ("HP:0012828", "Severe", ("HP:0012823",)),
)

Terms = dict[str, tuple[str, tuple[str, ...]]]
Rows = list[list[str]]


def phenotype_terms() -> Terms:
    """Five organs with five features each; one feature lies below another, one term has two parents."""
    terms: Terms = {}
    for organ_number, organ in enumerate(ORGANS):
        top = f"HP:010{organ_number}000"
        terms[top] = (f"Abnormality of the {organ}", ("HP:0000118",))
        for number, feature in enumerate(
            ("Small {}", "Aplasia of the {}", "Inflammation of the {}"), start=1
        ):
            terms[f"HP:010{organ_number}00{number}"] = (feature.format(organ), (top,))
        terms[f"HP:010{organ_number}004"] = (f"{organ.capitalize()} degeneration", (top,))
        terms[f"HP:010{organ_number}005"] = (
            f"Progressive {organ} degeneration",
            (f"HP:010{organ_number}004",),
        )
    terms["HP:0100006"] = ("Small eye and brain", ("HP:0100001", "HP:0104001"))
    return terms


def obo_text(terms: Terms) -> str:
    """The terms as OBO, with a replaced obsolete term, one without a replacement, and alternative ids."""
    lines = ["format-version: 1.2", f"data-version: hp/releases/{RELEASE}", "ontology: hp.obo", ""]
    for term_id, (name, parents) in terms.items():
        lines += ["[Term]", f"id: {term_id}", f"name: {name}"]
        if term_id == "HP:0100001":
            lines += ["alt_id: HP:0190001", "alt_id: HP:0190003"]
        lines.append(f'def: "A phenotype called \\"{name}\\"." [PMID:1]')
        if term_id.startswith("HP:010"):
            lines.append(f'synonym: "{name} (lay)" EXACT layperson []')
        lines += [f"is_a: {parent} ! {terms[parent][0]}" for parent in parents] + [""]
    lines += ["[Term]", "id: HP:0190001", "name: obsolete Tiny eye", "is_obsolete: true"]
    lines += ["replaced_by: HP:0100001", "", "[Term]", "id: HP:0190002", "name: obsolete Odd organs"]
    lines += ["is_obsolete: true", "consider: HP:0101001", "consider: HP:0102001", ""]
    lines += ["[Typedef]", "id: part_of", "name: part of", ""]
    return "\n".join(lines)


def annotation_rows(rng: random.Random) -> Rows:
    """Twelve cells a row for 60 diseases: 40 of OMIM, 18 of Orphanet, 2 of DECIPHER.

    Every seventh disease has a NOT row, every ninth a frequency of 0/m. Three rows use a former id: replaced,
    alternative, and obsolete without a replacement. One row stands twice and one disease has two spellings.
    """
    rows: Rows = []
    for number in range(60):
        organ = ORGANS[number % len(ORGANS)]
        disease = f"OMIM:{600000 + number}" if number < 40 else f"ORPHA:{500 + number}"
        disease = f"DECIPHER:{number}" if number >= 58 else disease
        first, second = rng.sample(SURNAMES, 2)
        name = rng.choice(NAME_PATTERNS).format(name=first, other=second, number=number + 1, organ=organ)
        name = name[0].upper() + name[1:] if number % 2 else f"{name} {number}"
        source = [f"PMID:{7000 + number}", "PCS"] if number < 40 else [disease, "TAS"]
        pool = [
            term for term in phenotype_terms() if term[6] == str(number % len(ORGANS)) and term[-1] != "0"
        ]
        chosen = [*rng.sample(pool, rng.randint(3, 5)), f"HP:010{rng.randrange(5)}003"]
        for place, term in enumerate(dict.fromkeys(chosen)):
            qualifier = "NOT" if place == 0 and number % 7 == 3 else ""
            affected, examined = rng.randint(1, 9), rng.randint(9, 20)
            frequency = rng.choice(("", f"{affected}/{examined}", "HP:0040281", "HP:0040283", "25%"))
            frequency = f"0/{examined}" if place == 1 and number % 9 == 4 else frequency
            onset = rng.choice(ONSETS) if rng.random() < 0.2 else ""
            sex, modifier = rng.choice(("", "", "MALE")), rng.choice(("", "", "HP:0012828"))
            extra = ["", "", "", "", "P"] if qualifier else [onset, frequency, sex, modifier, "P"]
            rows.append([disease, name, qualifier, term, *source, *extra])
        rows.append([disease, name, "", rng.choice(INHERITANCE), *source, "", "", "", "", "I"])
        if number % 3 == 0:
            rows.append([disease, name, "", rng.choice(ONSETS), *source, "", "", "", "", "C"])
    for number, former in enumerate(("HP:0190001", "HP:0190003", "HP:0190002")):
        rows.append([*rows[0][:2], "", former, f"PMID:{number + 1}", "PCS", "", "", "", "", "P"])
    rows[1][1] = rows[1][1].upper()
    rows.append(list(rows[4]))
    return [[*row, f"HPO:tester[{RELEASE}]"] for row in rows]


def gene_rows(rng: random.Random, terms: Terms, annotations: Rows) -> tuple[Rows, Rows, Rows]:
    """Rows of ``genes_to_phenotype``, ``phenotype_to_genes`` and ``genes_to_disease`` for 50 genes.

    As in the real files, NOT rows come through unmarked, former ids do not, one gene has no symbol and is
    left out of ``phenotype_to_genes``, and that file has the ancestors of every term.
    """
    diseases = list(dict.fromkeys(row[0] for row in annotations))
    to_phenotype: Rows = []
    to_genes: dict[tuple[str, ...], None] = {}
    to_disease: Rows = []
    for number in range(50):
        gene = str(100 + 37 * number)
        letters = "".join(rng.choice("ABCDEFGHKLMNPRST") for _ in range(rng.randint(2, 4)))
        forms = (f"{letters}{number}", f"C{number}orf{number}", f"{letters}-{number}L")
        symbol = "-" if number == 49 else rng.choice(forms)
        for disease in dict.fromkeys((diseases[number], diseases[rng.randrange(60)])):
            source = "ftp://ftp.ncbi.nlm.nih.gov/gene/DATA/mim2gene_medgen"
            to_disease.append(
                [f"NCBIGene:{gene}", symbol, rng.choice(("MENDELIAN", "UNKNOWN")), disease, source]
            )
            found = {row[3]: row[7] or "-" for row in annotations if row[0] == disease and row[3] in terms}
            for term, frequency in found.items():
                to_phenotype.append([gene, symbol, term, terms[term][0], frequency, disease])
                up = [term] if symbol != "-" else []
                while up:
                    above = up.pop()
                    to_genes[above, terms[above][0], gene, symbol, disease] = None
                    up.extend(terms[above][1])
    return to_phenotype, [list(row) for row in to_genes], to_disease


def write_tiny_hpo(folder: Path, seed: int = 0) -> Path:
    """Writes hp.obo, phenotype.hpoa and the three gene tables; the same seed gives the same bytes."""
    rng = random.Random(seed)
    terms: Terms = {term_id: (name, parents) for term_id, name, parents in SCAFFOLD} | phenotype_terms()
    annotations = annotation_rows(rng)
    to_phenotype, to_genes, to_disease = gene_rows(rng, terms, annotations)
    comments = f'#description: "Made up"\n#version: {RELEASE}\n#tracker: none\n#hpo-version: {RELEASE}\n'
    tables = {
        "phenotype.hpoa": (
            "database_id disease_name qualifier hpo_id reference evidence onset frequency sex modifier "
            "aspect biocuration",
            annotations,
        ),
        "genes_to_phenotype.txt": (
            "ncbi_gene_id gene_symbol hpo_id hpo_name frequency disease_id",
            to_phenotype,
        ),
        "phenotype_to_genes.txt": ("hpo_id hpo_name ncbi_gene_id gene_symbol disease_id", to_genes),
        "genes_to_disease.txt": ("ncbi_gene_id gene_symbol association_type disease_id source", to_disease),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hp.obo").write_text(obo_text(terms), encoding="utf-8")
    for name, (header, rows) in tables.items():
        lines = ["\t".join(header.split()), *("\t".join(row) for row in rows)]
        text = (comments if name == "phenotype.hpoa" else "") + "\n".join(lines) + "\n"
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def make_tiny_hpo() -> Callable[..., Path]:
    """:func:`write_tiny_hpo`, for tests that need another folder or seed."""
    return write_tiny_hpo


@pytest.fixture
def tiny_hpo_folder(tmp_path: Path) -> Path:
    """A folder of one's own with the tiny ontology of seed 0; a test may change its files."""
    return write_tiny_hpo(tmp_path / "hpo")


@pytest.fixture
def tiny_gene_folder(tmp_path: Path) -> Path:
    """A folder of one's own with toy genes of seed 0; a test may change its files."""
    return write_toy_genes(tmp_path / "genes")
