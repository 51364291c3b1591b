"""Draws ``examples.png``: pictures as the two picture quickstarts show them to the model.

python docs/images/draw_examples.py
"""

import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from datamodules import MarkerGeneDataModule, ProteinStructureDataModule
from datamodules.marker_gene.simulator import SimulatorConfig
from datamodules.protein_structure.backbones import GeneratedStructures
from datamodules.rendering.spatial import SpatialRendering
from datamodules.rendering.structure import StructureRendering
from geneverse_pl.data.records import Sample

_SIZE, _COLUMNS, _CAPTION = 168, 6, 34


def _one_a_picture(samples: list[Sample]) -> list[Sample]:
    chosen = {sample.images: sample for sample in samples}
    return list(chosen.values())[:_COLUMNS]


def main() -> None:
    """Draws them."""
    with tempfile.TemporaryDirectory() as folder:
        proteins = ProteinStructureDataModule(
            generated=GeneratedStructures(number=24, max_residues=120),
            rendering=StructureRendering(styles=["chain"], size=_SIZE),
            questions=["secondary_structure"],
            wording="brief",
            balance=False,
            cache_dir=Path(folder),
        )
        markers = MarkerGeneDataModule(
            simulator=SimulatorConfig(num_sections=1, num_marker_genes=120, num_background_genes=20),
            rendering=SpatialRendering(size=_SIZE),
            cache_dir=Path(folder),
        )
        rows = [
            (_one_a_picture(list(proteins.build_samples()["train"])), "secondary structure?"),
            (_one_a_picture(list(markers.build_samples()["train"])), ""),
        ]
        sheet = Image.new("RGB", (_COLUMNS * _SIZE, len(rows) * (_SIZE + _CAPTION)), "white")
        pen = ImageDraw.Draw(sheet)
        for row, (samples, question) in enumerate(rows):
            for column, sample in enumerate(samples):
                x, y = column * _SIZE, row * (_SIZE + _CAPTION)
                with Image.open(sample.images[0]) as picture:
                    sheet.paste(picture.convert("RGB").resize((_SIZE, _SIZE)), (x, y))
                asked = question or f"marks {sample.metadata['region']}?"
                pen.text((x + 6, y + _SIZE + 3), f"{asked}\n{sample.answer}", fill="black")
    sheet.quantize(64).save(Path(__file__).with_name("examples.png"), optimize=True)


if __name__ == "__main__":
    main()
