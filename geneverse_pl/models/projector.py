"""Projectors: image features of a vision tower become tokens of a language model.

Letters: I images, P patches, Dv tower width, K image tokens, D width of the language model.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor, nn

from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.models.feature_norm import FeatureNorm

if TYPE_CHECKING:
    from geneverse_pl.models.vision_tower import TowerShape

ProjectorKind = Literal["linear", "mlp", "pool", "resampler"]
_NUM_PROBES = 64


@dataclass
class ProjectorConfig:
    """How image features become tokens of the language model.

    Args:
        kind: ``linear``; ``mlp`` (Liu et al. 2024: LLaVA-1.5), both one token a patch; ``pool``, an ``mlp``
            on means over squares of patches; or ``resampler``, learned queries that attend to the patches
            (Alayrac et al. 2022: Flamingo).
        depth: Linear layers of ``mlp`` and ``pool``, with a GELU between two; attention blocks of
            ``resampler``; > 0.
        pool_factor: Side of the squares of patches of ``pool``, > 0; must divide the tower's grid.
        num_queries: Image tokens of ``resampler``, > 0.
        heads: Attention heads of ``resampler``, > 0; must divide the tower's width.
        input_norm: Scale and shift each feature first, to mean 0 and variance 1 over training pictures at the
            start, as the scale of features differs by orders of magnitude between towers and layers. LLaVA's
            checkpoints have no such layer: set false for them.
        match_token_norm: Scale the last layer once, before training, so that image tokens start about as long
            as the language model's token embeddings.
    """

    kind: ProjectorKind = "mlp"
    depth: int = 2
    pool_factor: int = 2
    num_queries: int = 32
    heads: int = 8
    input_norm: bool = True
    match_token_norm: bool = True

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        if self.kind not in get_args(ProjectorKind):
            raise ConfigError(unknown_choice("projector", self.kind, get_args(ProjectorKind)))
        for name in ("depth", "pool_factor", "num_queries", "heads"):
            if getattr(self, name) < 1:
                raise ConfigError(f"projector.{name} must be > 0, got {getattr(self, name)}.")


class LinearProjector(nn.Module):
    """One linear layer: ``(I, P, Dv)`` to ``(I, P, D)``.

    Args:
        in_features: Dv, > 0.
        out_features: D, > 0.
        input_norm: Scale and shift each feature first.
    """

    def __init__(self, in_features: int, out_features: int, input_norm: bool = True) -> None:
        super().__init__()
        self.norm = FeatureNorm(in_features) if input_norm else nn.Identity()
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, features: Tensor) -> Tensor:
        """Image tokens ``(I, P, D)`` of features ``(I, P, Dv)``."""
        return self.linear(self.norm(features.to(self.linear.weight.dtype)))  # type: ignore[no-any-return]


class MLPProjector(nn.Sequential):
    """Linear layers with a GELU between two: ``(I, P, Dv)`` to ``(I, P, D)`` (Liu et al. 2024).

    The layers are ``linear_1``, ``linear_2``, …; two of them without ``input_norm`` have the names and shapes
    of LLaVA's projector in Transformers.

    Args:
        in_features: Dv, > 0.
        out_features: D, > 0.
        depth: Linear layers, > 0.
        input_norm: Scale and shift each feature first.
    """

    def __init__(self, in_features: int, out_features: int, depth: int = 2, input_norm: bool = True) -> None:
        super().__init__()
        if input_norm:
            self.add_module("norm", FeatureNorm(in_features))
        for number in range(1, depth + 1):
            if number > 1:
                self.add_module(f"activation_{number - 1}", nn.GELU())
            width = in_features if number == 1 else out_features
            self.add_module(f"linear_{number}", nn.Linear(width, out_features))

    def forward(self, features: Tensor) -> Tensor:
        """Image tokens ``(I, P, D)`` of features ``(I, P, Dv)``."""
        hidden = features.to(next(self.parameters()).dtype)
        for layer in self:
            hidden = layer(hidden)
        return hidden


class PoolingProjector(nn.Module):
    """Means over squares of patches, then an MLP: ``(I, P, Dv)`` to ``(I, K, D)``.

    A class token stays a token of its own, before those of the squares.

    Args:
        in_features: Dv, > 0.
        out_features: D, > 0.
        grid: Rows and columns of patches.
        factor: Side of a square in patches, > 0.
        depth: Linear layers, > 0.
        input_norm: Scale and shift each mean first.

    Raises:
        ConfigError: If ``factor`` does not divide rows and columns.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        grid: tuple[int, int],
        factor: int = 2,
        depth: int = 2,
        input_norm: bool = True,
    ) -> None:
        super().__init__()
        _pooled_grid(grid, factor)
        self.grid = grid
        self.factor = factor
        self.mlp = MLPProjector(in_features, out_features, depth, input_norm)

    def forward(self, features: Tensor) -> Tensor:
        """Image tokens ``(I, K, D)`` of features ``(I, P, Dv)``."""
        features = features.to(next(self.parameters()).dtype)
        rows, columns = self.grid
        num_others = features.shape[1] - rows * columns
        maps = features[:, num_others:].unflatten(1, self.grid).permute(0, 3, 1, 2)
        pooled = nn.functional.avg_pool2d(maps, self.factor).flatten(2).transpose(1, 2)
        return self.mlp(torch.cat([features[:, :num_others], pooled], dim=1))  # type: ignore[no-any-return]


class ResamplingProjector(nn.Module):
    """Learned queries attend to the patches: ``(I, P, Dv)`` to ``(I, K, D)`` (Alayrac et al. 2022).

    Each patch has a learned position besides, as the features of a convolutional tower say little of theirs.

    Args:
        in_features: Dv, > 0.
        out_features: D, > 0.
        num_patches: P, class token included.
        num_queries: K, > 0.
        heads: Attention heads, a divisor of Dv.
        depth: Attention blocks, > 0.
        input_norm: Scale and shift each feature first.

    Raises:
        ConfigError: If ``heads`` does not divide the tower's width.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        num_patches: int,
        num_queries: int = 32,
        heads: int = 8,
        depth: int = 2,
        input_norm: bool = True,
    ) -> None:
        super().__init__()
        if in_features % heads:
            raise ConfigError(
                f"projector.heads must divide the tower's width {in_features}, got {heads}. Choose one of: "
                f"{', '.join(str(n) for n in range(1, 33) if in_features % n == 0)}."
            )
        self.norm = FeatureNorm(in_features) if input_norm else nn.Identity()
        self.positions = nn.Parameter(0.02 * torch.randn(num_patches, in_features))
        # As long as normalised patches, so that queries differ enough to attend to different ones.
        self.queries = nn.Parameter(torch.randn(num_queries, in_features))
        self.blocks = nn.ModuleList(_AttentionBlock(in_features, heads) for _ in range(depth))
        self.output_norm = nn.LayerNorm(in_features)
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, features: Tensor) -> Tensor:
        """Image tokens ``(I, K, D)`` of features ``(I, P, Dv)``."""
        patches = self.norm(features.to(self.queries.dtype)) + self.positions
        hidden = self.queries.expand(len(features), -1, -1)
        for block in self.blocks:
            hidden = block(hidden, patches)
        return self.linear(self.output_norm(hidden))  # type: ignore[no-any-return]


class _AttentionBlock(nn.Module):
    """Queries ``(I, K, Dv)`` read from patches ``(I, P, Dv)``, then each is transformed by itself."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.query_norm = nn.LayerNorm(width)
        self.patch_norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, queries: Tensor, patches: Tensor) -> Tensor:
        patches = self.patch_norm(patches)
        read, _ = self.attention(self.query_norm(queries), patches, patches, need_weights=False)
        queries = queries + read
        return queries + self.mlp(self.mlp_norm(queries))  # type: ignore[no-any-return]


def num_image_tokens(config: ProjectorConfig, shape: "TowerShape") -> int:
    """Tokens K that an image takes in the language model.

    Args:
        config: The projector.
        shape: What the tower gives.

    Raises:
        ConfigError: If a value is out of range or does not fit the tower.
    """
    config.check()
    if config.kind == "resampler":
        return config.num_queries
    if config.kind == "pool":
        others = shape.num_patches - math.prod(shape.grid)
        return others + math.prod(_pooled_grid(shape.grid, config.pool_factor))
    return shape.num_patches


def build_projector(
    config: ProjectorConfig, shape: "TowerShape", out_features: int, token_norm: float | None = None
) -> nn.Module:
    """A new projector, ``(I, P, Dv)`` to ``(I, K, D)``, in float32.

    Args:
        config: The projector.
        shape: What the tower gives.
        out_features: Width D of the language model, > 0.
        token_norm: Mean Euclidean norm of the language model's token embeddings, > 0; None leaves the last
            layer as it was drawn.

    Raises:
        ConfigError: If a value is out of range or does not fit the tower.
    """
    config.check()
    width, norm = shape.width, config.input_norm
    projector: nn.Module
    if config.kind == "linear":
        projector = LinearProjector(width, out_features, norm)
    elif config.kind == "mlp":
        projector = MLPProjector(width, out_features, config.depth, norm)
    elif config.kind == "pool":
        projector = PoolingProjector(width, out_features, shape.grid, config.pool_factor, config.depth, norm)
    else:
        projector = ResamplingProjector(
            width, out_features, shape.num_patches, config.num_queries, config.heads, config.depth, norm
        )
    if config.match_token_norm and token_norm is not None:
        _match_norm(projector, shape, token_norm)
    return projector


def _match_norm(projector: nn.Module, shape: "TowerShape", token_norm: float) -> None:
    """Scales the last layer so that features of unit variance give tokens of this mean norm."""
    last = [module for module in projector.modules() if isinstance(module, nn.Linear)][-1]
    if last.weight.is_meta:
        return
    generator = torch.Generator().manual_seed(0)
    num_images = max(1, _NUM_PROBES // shape.num_patches)
    probes = torch.randn(num_images, shape.num_patches, shape.width, generator=generator)
    with torch.no_grad():
        norm = projector(probes.to(last.weight.device)).norm(dim=-1).mean()
        last.weight.mul_(token_norm / norm)
        last.bias.mul_(token_norm / norm)


def _pooled_grid(grid: tuple[int, int], factor: int) -> tuple[int, int]:
    rows, columns = grid
    if rows % factor or columns % factor:
        shared = math.gcd(rows, columns)
        fitting = [str(n) for n in range(1, shared + 1) if shared % n == 0]
        raise ConfigError(
            f"projector.pool_factor must divide the tower's grid of {rows} x {columns} patches, got "
            f"{factor}. Choose one of: {', '.join(fitting)}; or another image size."
        )
    return rows // factor, columns // factor
