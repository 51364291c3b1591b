"""The Wilcoxon rank-sum test of every gene for every region, against the spots of all other regions.

Expression is sparse: most counts are zero, and zeros of a gene all have one rank. So only the other values
are sorted, of all genes at once.

Letters: S spots, G genes, R regions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RankSums:
    """What the test gives, each ``(R, G)``.

    Args:
        z_score: Normal score of the rank sum with the correction for ties, > 0 where the region has more.
        p_value: Two-sided, by the normal approximation, without a correction for continuity.
        adjusted_p_value: By Benjamini and Hochberg (1995), over the genes of a region.
        auroc: Chance that a spot of the region has more of the gene than one outside, ties counted half.
    """

    z_score: Floats
    p_value: Floats
    adjusted_p_value: Floats
    auroc: Floats


def rank_sum_test(expression: Any, membership: NDArray[np.bool_]) -> RankSums:
    """Tests every gene for every region.

    Args:
        expression: ``(S, G)``, sparse, finite, >= 0.
        membership: ``(R, S)``, whether a spot lies in a region; every region has spots in and out.

    Returns:
        Scores, p-values and areas under the curve. A gene that is equal in all spots has p-value 1.
    """
    columns = sparse.csc_array(expression, dtype=np.float64)
    columns.eliminate_zeros()
    num_spots, num_genes = columns.shape
    ranks, zero_rank, ties = _ranks(columns)
    inside = membership.sum(axis=1).astype(np.float64)[:, None]
    outside = num_spots - inside
    members = sparse.csr_array(membership.astype(np.float64))
    present = sparse.csc_array((np.ones_like(columns.data), columns.indices, columns.indptr), columns.shape)
    ranked = sparse.csc_array((ranks, columns.indices, columns.indptr), columns.shape)
    rank_sum = (members @ ranked).toarray() + (inside - (members @ present).toarray()) * zero_rank
    spread = 1 - ties / (float(num_spots) ** 3 - num_spots) if num_spots > 1 else np.zeros(num_genes)
    deviation = np.sqrt(np.maximum(spread, 0) * inside * outside * (num_spots + 1) / 12)
    excess = rank_sum - inside * (num_spots + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        z_score = np.where(deviation > 0, excess / deviation, 0.0)
    p_value = 2 * stats.norm.sf(np.abs(z_score))
    auroc = (rank_sum - inside * (inside + 1) / 2) / (inside * outside)
    return RankSums(z_score, p_value, adjust_p_values(p_value), auroc)


def adjust_p_values(p_values: Floats) -> Floats:
    """P-values that control the false discovery rate (Benjamini and Hochberg 1995), each row for itself.

    Args:
        p_values: ``(R, G)``, in [0, 1].
    """
    count = p_values.shape[1]
    order = np.argsort(-p_values, axis=1, kind="stable")
    scaled = np.take_along_axis(p_values, order, axis=1) * count / np.arange(count, 0, -1)
    adjusted = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, np.minimum(np.minimum.accumulate(scaled, axis=1), 1), axis=1)
    return adjusted


def _ranks(columns: Any) -> tuple[Floats, Floats, Floats]:
    """Ranks of the values that are not zero, the rank of a gene's zeros, and each gene's sum of t^3 - t.

    Ranks run from 1 in each gene; equal values have their mean rank; t is the size of a group of ties.
    """
    num_spots, num_genes = columns.shape
    counts = np.diff(columns.indptr)
    zeros = (num_spots - counts).astype(np.float64)
    genes = np.repeat(np.arange(num_genes), counts)
    order = np.lexsort((columns.data, genes))
    values = columns.data[order]
    starts_run = np.ones(len(values), dtype=bool)
    starts_run[1:] = (values[1:] != values[:-1]) | (genes[1:] != genes[:-1])
    starts = np.flatnonzero(starts_run)
    sizes = np.diff(np.append(starts, len(values))).astype(np.float64)
    gene_of_run = genes[starts]
    before = starts - columns.indptr[gene_of_run]
    run_rank = zeros[gene_of_run] + before + (sizes + 1) / 2
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(run_rank, sizes.astype(np.intp))
    ties = zeros**3 - zeros + np.bincount(gene_of_run, sizes**3 - sizes, minlength=num_genes)
    return ranks, (zeros + 1) / 2, ties
