"""One vector an image from the patch features of a vision tower.

Letters: I images, P patches, Dv width of the tower.
"""

import math

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn import functional as F

_MOST_CELLS = 6  # a side


def pooled_features(features: Tensor) -> npt.NDArray[np.float32]:
    """Patches averaged to at most 6 x 6 cells and laid end to end, so that places are kept: ``(I, F)``.

    Args:
        features: Features of the tower, ``(I, P, Dv)``; where P is no square, all patches are averaged.
    """
    values = features.float()
    num_images, num_patches, width = values.shape
    side = math.isqrt(num_patches)
    if side * side != num_patches:
        averaged: npt.NDArray[np.float32] = values.mean(1).cpu().numpy()
        return averaged
    grid = values.transpose(1, 2).reshape(num_images, width, side, side)
    cells: npt.NDArray[np.float32] = (
        F.adaptive_avg_pool2d(grid, min(side, _MOST_CELLS)).flatten(1).cpu().numpy()
    )
    return cells
