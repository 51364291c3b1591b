import random
from collections import Counter

import pytest

from datamodules.gene_phenotype.knowledge import Knowledge
from datamodules.gene_phenotype.questions import (
    QuestionLimits,
    fact_questions,
    list_questions,
    relation_questions,
)
from datamodules.gene_phenotype.relations import BRIEF, FULL, RelationName, build_relation
from geneverse_pl.data.records import Sample


def ask(
    knowledge: Knowledge, form: str, name: RelationName, limits: QuestionLimits | None = None
) -> list[Sample]:
    """All questions of one kind, in full words, about subjects that are each a group."""
    relation, limits = build_relation(knowledge, name), limits or QuestionLimits(3, 2)
    subjects = list(relation.subjects)
    groups = {subject: f"group of {subject}" for subject in subjects}
    if form == "relation":
        return list(relation_questions(relation, FULL[name], subjects, groups, limits, random.Random(0)))
    if form == "list":
        return list(list_questions(relation, FULL[name], subjects, groups, limits))
    return list(fact_questions(relation, FULL[name], subjects, groups))


@pytest.mark.parametrize("name", ["disease_phenotype", "gene_phenotype", "gene_disease"])
def test_yes_and_no_are_even_for_every_subject_and_object(name: RelationName, knowledge: Knowledge) -> None:
    samples = ask(knowledge, "relation", name)
    assert len(samples) > 60
    for key in ("subject", "object"):
        counts: dict[str, Counter[str]] = {}
        for sample in samples:
            counts.setdefault(str(sample.metadata[key]), Counter())[sample.answer] += 1
        assert all(count["Yes"] == count["No"] for count in counts.values())
    most = max(len(objects) for objects in build_relation(knowledge, name).pairs.values())
    asked_of = Counter(str(sample.metadata["subject"]) for sample in samples)
    assert max(asked_of.values()) == 2 * min(3, most)
    asked = Counter((str(sample.metadata["subject"]), str(sample.metadata["object"])) for sample in samples)
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("name", ["disease_phenotype", "gene_phenotype", "gene_disease"])
def test_answers_are_true(name: RelationName, knowledge: Knowledge) -> None:
    relation = build_relation(knowledge, name)
    for sample in ask(knowledge, "relation", name):
        subject, item = str(sample.metadata["subject"]), str(sample.metadata["object"])
        assert sample.metadata["label"] == (sample.answer == "Yes") == (item in relation.pairs[subject])
        assert sample.metadata["label"] == relation.possible(subject, item)
        assert sample.choices == ("Yes", "No")


def test_a_yes_no_question_in_words(knowledge: Knowledge) -> None:
    sample = ask(knowledge, "relation", "disease_phenotype")[0]
    subject, item = str(sample.metadata["subject"]), str(sample.metadata["object"])
    name, term = knowledge.diseases[subject].name, knowledge.term_name(item)
    assert sample.context == f"This is about the disease {name}."
    assert sample.question == f"Is {term} a phenotype of this disease? Answer Yes or No."
    assert sample.kind == "relation/disease_phenotype"
    assert sample.group == f"group of {subject}"
    assert sample.metadata == {
        "subject": subject,
        "subject_name": name,
        "object": item,
        "object_name": term,
        "label": sample.answer == "Yes",
    }


def test_brief_words(knowledge: Knowledge) -> None:
    relation = build_relation(knowledge, "gene_disease")
    gene = next(iter(relation.subjects))
    wording, subjects = BRIEF["gene_disease"], list(relation.subjects)
    groups = dict.fromkeys(subjects, "g")
    asked = relation_questions(relation, wording, subjects, groups, QuestionLimits(1, 1), random.Random(0))
    sample = next(asked)
    assert sample.context == f"Gene: {knowledge.genes[str(sample.metadata['subject'])].symbol}"
    assert sample.question == f"Linked to {knowledge.diseases[str(sample.metadata['object'])].name}?"
    listed = next(list_questions(relation, wording, [gene], {gene: "g"}, QuestionLimits(1, 9)))
    assert (listed.question, listed.group) == ("Diseases:", "g")


def test_a_list_answer_has_the_most_frequent_and_gold_has_all(knowledge: Knowledge) -> None:
    samples = ask(knowledge, "list", "disease_phenotype", QuestionLimits(1, 2))
    assert len(samples) == sum(bool(disease.phenotypes) for disease in knowledge.diseases.values())
    for sample in samples:
        shares = knowledge.diseases[str(sample.metadata["subject"])].phenotypes
        ordered = sorted(
            shares, key=lambda term: (-(0.5 if shares[term] is None else shares[term] or 0), term)
        )
        names = [knowledge.term_name(term) for term in ordered]
        assert sample.gold == tuple(names)
        assert sample.answer == "; ".join(names[:2])
        assert sample.question == "List phenotypes of this disease, separated by semicolons."
        assert sample.choices == ()


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("disease_gene", "Variants of which gene are linked to this disease? Answer with its symbol."),
        ("disease_inheritance", "What is the mode of inheritance of this disease?"),
    ],
)
def test_a_fact_is_asked_only_where_there_is_one(
    name: RelationName, question: str, knowledge: Knowledge
) -> None:
    samples = {str(sample.metadata["subject"]): sample for sample in ask(knowledge, "fact", name)}
    answers: dict[str, list[str]] = {
        key: (
            [knowledge.genes[gene].symbol for gene in disease.genes]
            if name == "disease_gene"
            else [knowledge.term_name(term) for term in disease.inheritance]
        )
        for key, disease in knowledge.diseases.items()
    }
    assert {key for key, found in answers.items() if len(found) == 1} == set(samples)
    assert len(samples) < len(answers)
    for key, sample in samples.items():
        assert (sample.question, sample.answer) == (question, answers[key][0])
        assert sample.kind == f"fact/{name}"


@pytest.mark.parametrize("name", ["gene_disease", "disease_gene"])
def test_no_yes_or_no_that_the_name_of_a_disease_gives_away(name: RelationName, knowledge: Knowledge) -> None:
    named = {disease: gene for gene in knowledge.genes.values() for disease in gene.diseases}
    for number, (disease, gene) in enumerate(named.items()):
        if number % 3 == 0:
            knowledge.diseases[disease].name = f"{gene.symbol}-related {knowledge.diseases[disease].name}"
    samples = ask(knowledge, "relation", name)
    assert len(samples) > 20
    counts: dict[str, Counter[str]] = {}
    for sample in samples:
        names = [sample.metadata["subject_name"], sample.metadata["object_name"]]
        symbol, title = names if name == "gene_disease" else names[::-1]
        assert not str(title).startswith(f"{symbol}-")
        counts.setdefault(str(sample.metadata["object"]), Counter())[sample.answer] += 1
    assert all(count["Yes"] == count["No"] for count in counts.values())


@pytest.mark.parametrize("form", ["list", "fact"])
def test_a_disease_that_names_its_gene_is_not_asked_for_it(form: str, knowledge: Knowledge) -> None:
    before = {str(sample.metadata["subject"]) for sample in ask(knowledge, form, "disease_gene")}
    told = min(before)
    [gene, *_] = knowledge.diseases[told].genes
    knowledge.diseases[told].name = f"{knowledge.genes[gene].symbol} myopathy"
    after = {str(sample.metadata["subject"]) for sample in ask(knowledge, form, "disease_gene")}
    assert after == before - {told}
