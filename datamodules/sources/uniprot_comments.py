"""The comments of a UniProt entry that a record keeps, from texts as tables and flat files have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datamodules.sources.uniprot_disease import TOPIC as DISEASE
from datamodules.sources.uniprot_disease import ProteinDisease, parse_disease
from datamodules.sources.uniprot_record import unique
from datamodules.sources.uniprot_text import locations, phrase, prose

FUNCTION = "FUNCTION"
LOCATION = "SUBCELLULAR LOCATION"
PATHWAY = "PATHWAY"
TISSUE = "TISSUE SPECIFICITY"
#: Topics of the comments that are kept.
TOPICS = (FUNCTION, LOCATION, PATHWAY, TISSUE, DISEASE)


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments, as :class:`~datamodules.sources.uniprot_record.ProteinRecord` has them.

    Args:
        functions: Texts on function.
        locations: Places in the cell.
        tissues: Texts on tissue specificity.
        pathways: Pathways.
        diseases: What is said of diseases.
    """

    functions: tuple[str, ...]
    locations: tuple[str, ...]
    tissues: tuple[str, ...]
    pathways: tuple[str, ...]
    diseases: tuple[ProteinDisease, ...]


def parse_comments(comments: Mapping[str, Sequence[str]]) -> Comments:
    """Parses comments.

    Args:
        comments: Topic to its comments, each without the topic; other topics are passed over.

    Raises:
        ValueError: If a comment on a disease says nothing; the message goes on from "line 17 ".
    """
    return Comments(
        functions=unique([prose(text) for text in comments.get(FUNCTION, ())]),
        locations=unique([place for text in comments.get(LOCATION, ()) for place in locations(text)]),
        tissues=unique([prose(text) for text in comments.get(TISSUE, ())]),
        pathways=unique([phrase(text) for text in comments.get(PATHWAY, ())]),
        diseases=tuple(dict.fromkeys(parse_disease(text) for text in comments.get(DISEASE, ()))),
    )
