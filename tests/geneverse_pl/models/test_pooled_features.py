import torch

from geneverse_pl.models.pooled_features import pooled_features


def test_pooled_features_keep_their_place() -> None:
    features = torch.zeros(2, 64, 3)
    features[1, 0] = 1.0
    pooled = pooled_features(features)
    assert pooled.shape == (2, 3 * 36)
    assert pooled[1].reshape(3, 6, 6)[:, 0, 0].min() > 0
    assert pooled[1].reshape(3, 6, 6)[:, 2:, 2:].max() == 0
    assert pooled_features(torch.ones(2, 5, 3)).shape == (2, 3)
