"""Which pairs of gene and region are asked about, so that neither name alone tells the answer.

Letters: R regions, G genes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

Mask = NDArray[np.bool_]

_TIE_BREAK = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of region and gene.

    Args:
        yes: ``(R, G)``, pairs whose answer is yes.
        no: ``(R, G)``, pairs whose answer is no.
    """

    yes: Mask
    no: Mask

    def of_genes(self, genes: Mask) -> "Pairs":
        """The pairs of some genes, ``(G,)``."""
        return Pairs(self.yes & genes, self.no & genes)

    def joined(self, other: "Pairs") -> "Pairs":
        """The pairs of both."""
        return Pairs(self.yes | other.yes, self.no | other.no)

    def without(self, other: "Pairs") -> "Pairs":
        """The pairs that the other has not."""
        return Pairs(self.yes & ~other.yes, self.no & ~other.no)

    @property
    def genes(self) -> Mask:
        """Genes that a pair is about, ``(G,)``."""
        return np.asarray((self.yes | self.no).any(axis=0))

    def __len__(self) -> int:
        return int(self.yes.sum() + self.no.sum())


def matched_pairs(pairs: Pairs, rng: np.random.Generator) -> Pairs:
    """The most pairs in which every gene, and every region, has as many answers yes as no.

    So for a marker gene and its region there is the same gene with another region, and another gene with the
    same region. Let each pair with the answer yes be an edge from gene to region, each with no an edge from
    region to gene: what is looked for is a circulation with as many edges as can be, which the simplex method
    finds in whole numbers (Ahuja, Magnanti and Orlin 1993, chapter 11).

    Args:
        pairs: Pairs that may be asked about.
        rng: Decides between equal solutions.
    """
    # A gene without one of the answers can have neither.
    usable = pairs.of_genes(np.asarray(pairs.yes.any(axis=0) & pairs.no.any(axis=0)))
    num_regions, num_genes = pairs.yes.shape
    yes, no = np.nonzero(usable.yes), np.nonzero(usable.no)
    count = len(yes[0])
    chosen = Pairs(np.zeros_like(pairs.yes), np.zeros_like(pairs.no))
    if count == 0:
        return chosen
    regions, genes = (np.concatenate([yes[axis], no[axis]]) for axis in (0, 1))
    signs = np.where(np.arange(len(regions)) < count, 1.0, -1.0)
    edges = np.arange(len(regions))
    balance = sparse.coo_array(
        (
            np.concatenate([signs, signs]),
            (np.concatenate([regions, num_regions + genes]), np.concatenate([edges, edges])),
        ),
        shape=(num_regions + num_genes, len(regions)),
    )
    gain = np.where(signs > 0, 1.0, 0.0) + _TIE_BREAK * rng.random(len(regions))
    solution = optimize.linprog(
        -gain, A_eq=balance.tocsr(), b_eq=np.zeros(balance.shape[0]), bounds=(0, 1), method="highs-ds"
    )
    taken = solution.x > 0.5
    chosen.yes[yes[0][taken[:count]], yes[1][taken[:count]]] = True
    chosen.no[no[0][taken[count:]], no[1][taken[count:]]] = True
    return chosen


def extra_pairs(pairs: Pairs, most: int, rng: np.random.Generator) -> Pairs:
    """Further pairs, in which regions have as many answers yes as no, but genes need not.

    Args:
        pairs: Pairs that may be asked about.
        most: Most pairs of a region with one of the answers, >= 0.
        rng: Source of randomness.
    """
    chosen = Pairs(np.zeros_like(pairs.yes), np.zeros_like(pairs.no))
    for region in range(len(pairs.yes)):
        yes, no = (rng.permutation(np.flatnonzero(mask[region])) for mask in (pairs.yes, pairs.no))
        count = min(most, len(yes), len(no))
        chosen.yes[region, yes[:count]] = True
        chosen.no[region, no[:count]] = True
    return chosen


def fewer_pairs(pairs: Pairs, most: int | None, rng: np.random.Generator) -> Pairs:
    """Some of the pairs, of genes taken at random, matched again.

    Args:
        pairs: Matched pairs.
        most: Most pairs, >= 0; None for all.
        rng: Source of randomness.
    """
    if most is None or len(pairs) <= most:
        return pairs
    per_gene = (pairs.yes | pairs.no).sum(axis=0)
    order = rng.permutation(np.flatnonzero(per_gene))
    fit = np.cumsum(per_gene[order]) <= most
    genes = np.zeros(len(per_gene), dtype=bool)
    genes[order[fit]] = True
    return matched_pairs(pairs.of_genes(genes), rng)


def genes_of_every_region(yes: Mask, most: int, rng: np.random.Generator) -> Mask:
    """Genes, ``(G,)``, taken from the markers of the regions in turn, so that no region has them all.

    Args:
        yes: ``(R, G)``, whether a gene marks a region.
        most: Most genes, > 0.
        rng: Source of randomness.
    """
    # The rank of a gene is its place in the queue of the region that reaches it first.
    rank = np.full(yes.shape, np.inf)
    for region, markers in enumerate(yes):
        queue = rng.permutation(np.flatnonzero(markers))
        rank[region, queue] = np.arange(len(queue))
    first = rank.min(axis=0)
    order = np.argsort(first, kind="stable")[:most]
    genes = np.zeros(yes.shape[1], dtype=bool)
    genes[order[np.isfinite(first[order])]] = True
    return genes
