"""Sentences that name what is held out."""

from types import SimpleNamespace
from typing import Any

import pytest

from datamodules.gene_corpus.held_back import HeldBackNames

NAMES = [("gene", "HLA-A"), ("gene", "FBN1"), ("disease", "Marfan syndrome"), ("protein", "Fibrillin-1")]


@pytest.mark.parametrize(
    ("sentence", "is_named"),
    [
        ("It binds HLA-A.", True),
        ("It is HLA-A-restricted.", True),
        ("An anti-HLA-A-specific cell.", True),
        ("FBN1-deficient mice", True),
        ("It binds HLA-B, and A-HLA.", False),
        ("Seen in marfan-syndrome.", True),
        ("fbn1 and Marfan", False),
    ],
)
def test_a_name_is_found_within_a_word_with_hyphens(sentence: str, is_named: bool) -> None:
    work: Any = SimpleNamespace(rows=lambda query, parameters: NAMES)
    assert HeldBackNames(work).are_in(sentence) == is_named
