"""The data card: what a prepared store holds, counted from the store itself."""

from geneverse_pl.data.card.card import DataCard, data_card
from geneverse_pl.data.card.facts import DataFacts, DescribesData, SourceTerms
from geneverse_pl.data.card.writing import write_card

__all__ = ["DataCard", "DataFacts", "DescribesData", "SourceTerms", "data_card", "write_card"]
