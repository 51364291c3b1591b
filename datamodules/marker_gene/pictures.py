"""Draws the genes of a section into a folder, each once."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from scipy import sparse
from tqdm import tqdm

from datamodules.marker_gene.markers import normalised_expression
from datamodules.rendering.spatial import SectionCanvas, SpatialRendering
from datamodules.sources.spatial import Section


def draw_genes(
    section: Section,
    genes: Iterable[str],
    folder: Path,
    rendering: SpatialRendering,
    legend: Mapping[str, str],
    library_size: float | None,
) -> dict[str, Path]:
    """The picture of each gene; one that lies in the folder is not drawn again.

    Args:
        section: The section.
        genes: Genes of the section.
        folder: Folder for the pictures of this section, drawn in this way.
        rendering: How it is drawn.
        legend: Region to the name of its colour on the map.
        library_size: Counts that a spot's are scaled to; None takes the median of the section.
    """
    places = {gene: place for place, gene in enumerate(section.genes)}
    # The number tells genes apart whose names differ in case alone, on file systems that do not.
    paths = {gene: folder / f"{places[gene]:05d}_{quote(gene, safe='')[:80]}.png" for gene in genes}
    missing = [gene for gene, path in paths.items() if not path.is_file()]
    if not missing:
        return paths
    canvas = SectionCanvas(section, rendering, legend)
    expression = sparse.csc_array(normalised_expression(section, library_size))
    for gene in tqdm(missing, f"drawing {section.name}", unit=" pictures", leave=False, disable=None):
        values = expression[:, [places[gene]]].toarray().ravel()
        # Renamed when whole, so that a kill leaves no half picture; the process's number keeps two apart.
        partial = paths[gene].with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(canvas.png(values))
        partial.replace(paths[gene])
    return paths
