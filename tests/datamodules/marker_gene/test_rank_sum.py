"""The rank-sum test against SciPy's, gene by gene, and against scanpy's where it is installed."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse, stats

from datamodules.marker_gene.rank_sum import adjust_p_values, rank_sum_test


@pytest.fixture
def sample() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Expression of 60 spots and 25 genes with many ties, and the region, 0 to 2, of each spot."""
    rng = np.random.default_rng(0)
    regions = rng.integers(0, 3, 60)
    counts = rng.poisson(rng.uniform(0.1, 4, 25) * (1 + (regions[:, None] == np.arange(25) % 3)))
    counts[:, 3] = 0  # a gene that is nowhere
    counts[:, 4] = 2  # a gene that is equal everywhere
    return np.log1p(counts.astype(np.float64)), regions


def members(regions: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.array([regions == region for region in range(3)])


def test_agrees_with_scipy(sample: tuple[Any, Any]) -> None:
    expression, regions = sample
    result = rank_sum_test(sparse.csr_array(expression), members(regions))
    for region in range(3):
        inside, outside = expression[regions == region], expression[regions != region]
        for gene in set(range(25)) - {3, 4}:
            expected = stats.mannwhitneyu(
                inside[:, gene], outside[:, gene], use_continuity=False, method="asymptotic"
            )
            auroc = expected.statistic / (len(inside) * len(outside))
            assert result.auroc[region, gene] == pytest.approx(auroc)
            assert result.p_value[region, gene] == pytest.approx(expected.pvalue)
        assert np.allclose(
            result.adjusted_p_value[region], stats.false_discovery_control(result.p_value[region])
        )


def test_genes_equal_everywhere_tell_nothing(sample: tuple[Any, Any]) -> None:
    expression, regions = sample
    result = rank_sum_test(sparse.csr_array(expression), members(regions))
    for gene in (3, 4):
        assert result.auroc[:, gene] == pytest.approx(0.5)
        assert result.p_value[:, gene].tolist() == [1, 1, 1]
        assert result.z_score[:, gene].tolist() == [0, 0, 0]


@pytest.mark.slow  # scanpy compiles its code first
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_agrees_with_scanpy(sample: tuple[Any, Any]) -> None:
    scanpy = pytest.importorskip("scanpy")
    anndata = pytest.importorskip("anndata")
    expression, regions = sample
    data = anndata.AnnData(expression.astype(np.float32))
    data.obs["region"] = [f"r{region}" for region in regions]
    data.obs["region"] = data.obs["region"].astype("category")
    scanpy.tl.rank_genes_groups(data, "region", method="wilcoxon", tie_correct=True)
    result = rank_sum_test(sparse.csr_array(expression.astype(np.float32)), members(regions))
    for region in range(3):
        table = scanpy.get.rank_genes_groups_df(data, f"r{region}").set_index("names")
        table = table.loc[[str(gene) for gene in range(25) if gene not in (3, 4)]]
        genes = table.index.astype(int)
        assert np.allclose(result.z_score[region, genes], table["scores"], rtol=1e-4, atol=1e-5)
        assert np.allclose(result.p_value[region, genes], table["pvals"], rtol=1e-3)


def test_clear_separation() -> None:
    expression = np.array([[1.0], [2], [0], [0]])
    result = rank_sum_test(sparse.csr_array(expression), np.array([[True, True, False, False]]))
    assert result.auroc.tolist() == [[1.0]]
    assert result.z_score[0, 0] > 0


def test_adjusted_p_values_do_not_fall_with_p() -> None:
    p_values = np.array([[0.01, 0.04, 0.03, 0.5]])
    assert adjust_p_values(p_values)[0] == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
