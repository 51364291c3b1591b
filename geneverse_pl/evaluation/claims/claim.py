"""A claim of an answer, and what the record says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["supported", "contradicted", "unknown"]
SUPPORTED: Verdict = "supported"
CONTRADICTED: Verdict = "contradicted"
UNKNOWN: Verdict = "unknown"
VERDICTS: tuple[Verdict, ...] = (SUPPORTED, CONTRADICTED, UNKNOWN)


@dataclass(frozen=True)
class Claim:
    """One thing that an answer says.

    Args:
        field: What it is about: ``symbol``, ``name``, ``type``, ``location``, ``aliases``, ``identifiers``,
            or an open field of the record, or the topic of one (``disease``) where the record has no such
            entry.
        text: What is claimed, as written.
        verdict: What the record says: ``supported``, ``contradicted``, or ``unknown`` where it is silent.
        start: Where it begins in the answer.
        end: Where it ends.
        is_negated: Whether the answer denies it; the verdict is that of the denial.
        is_hallucinated: Whether it is an identifier that the record lacks, of a database it has.
        is_given: Whether the question itself says it; such claims count in no score, but for the gene's
            name in the factual one.
    """

    field: str
    text: str
    verdict: Verdict
    start: int
    end: int
    is_negated: bool = False
    is_hallucinated: bool = False
    is_given: bool = False


@dataclass(frozen=True)
class ClaimReport:
    """The claims of one answer.

    Args:
        claims: In the order of the text.
    """

    claims: Sequence[Claim]

    @property
    def counted(self) -> list[Claim]:
        """The claims that the question does not give away."""
        return [claim for claim in self.claims if not claim.is_given]

    def share(self, verdict: Verdict) -> float:
        """Share of the counted claims with a verdict, in [0, 1]; 0 for an answer without claims.

        An answer that says nothing is not right, so its share of ``supported`` is 0, not undefined.

        Args:
            verdict: The verdict.
        """
        counted = self.counted
        return sum(claim.verdict == verdict for claim in counted) / len(counted) if counted else 0.0

    @property
    def num_hallucinated(self) -> int:
        """Identifiers that the record lacks, of databases it has."""
        return len({claim.text for claim in self.claims if claim.is_hallucinated})
