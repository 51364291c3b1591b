import torch

from geneverse_pl.models.feature_norm import FeatureNorm, start_norms
from geneverse_pl.models.projector import MLPProjector


def test_it_starts_with_mean_zero_and_variance_one() -> None:
    generator = torch.Generator().manual_seed(0)
    features = 5 + 100 * torch.rand(20, 9, 4, generator=generator)
    features[..., 2] = 7.0  # does not vary
    norm = FeatureNorm(4)
    torch.testing.assert_close(norm(features), features)
    norm.start_from(features)
    flat = norm(features).flatten(0, 1)
    torch.testing.assert_close(flat.mean(0), torch.zeros(4), atol=1e-4, rtol=0)
    expected = torch.tensor([1.0, 1.0, 0.0, 1.0])
    torch.testing.assert_close(flat.std(0, correction=0), expected, atol=1e-4, rtol=0)


def test_every_norm_of_a_projector_is_started() -> None:
    features = 3 + torch.rand(8, 4, 6)
    projector = MLPProjector(6, 5)
    start_norms(projector, features)
    assert not torch.equal(projector.get_parameter("norm.bias"), torch.zeros(6))
    plain = MLPProjector(6, 5, input_norm=False)
    start_norms(plain, features)
