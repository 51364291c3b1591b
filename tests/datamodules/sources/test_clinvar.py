"""The tables of ClinVar: golden rows, faults and damage."""

import gzip
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.clinvar_fields import Condition, parse_condition_ids
from datamodules.sources.clinvar_genes import GeneCondition, merge_sources, read_gene_conditions
from datamodules.sources.clinvar_variants import Variant, read_variants
from datamodules.sources.cross_reference import CrossReference
from geneverse_pl.exceptions import DataFormatError

OLD_GENES = (
    "#GeneID\tGeneSymbol\tConceptID\tDiseaseName\tSourceName\tSourceID\tDiseaseMIM\tLastUpdated\n"
    "2\tA2M\tC0002395\tAlzheimer's disease\tSNOMED CT\t26929004\t104300\t16 May 2011\n"
    "2\tA2M\tC0002395\tAlzheimer's disease\tGeneReviews\t\t-\t-\n"
)
NEW_GENES = (
    "#GeneID\tAssociatedGenes\tRelatedGenes\tConceptID\tDiseaseName\tSourceName\tSourceID\tDiseaseMIM\t"
    "LastUpdated\n"
    "9907\tAP5Z1\t\tC3150901\tHereditary spastic paraplegia 48\tMONDO\tMONDO:0013342\t\t04 Jan 2024\n"
    "9907\tAP5Z1\t\tC3150901\tHereditary spastic paraplegia 48\tOMIM\t613647\t613647\t05 Jan 2024\n"
    "9640\t\tZNF592\t\tSpasticity\t-\t-\t\t5 Jan 2024\n"
)
HEADER = (
    "AlleleID\tType\tName\tGeneID\tGeneSymbol\tHGNC_ID\tClinicalSignificance\tClinSigSimple\tLastEvaluated\t"
    "RS# (dbSNP)\tnsv/esv (dbVar)\tRCVaccession\tPhenotypeIDS\tPhenotypeList\tOrigin\tOriginSimple\t"
    "Assembly\tChromosomeAccession\tChromosome\tStart\tStop\tReferenceAllele\tAlternateAllele\tCytogenetic\t"
    "ReviewStatus\tNumberSubmitters\tGuidelines\tTestedInGTR\tOtherIDs\tSubmitterCategories\tVariationID\tPositionVCF\t"
    "ReferenceAlleleVCF\tAlternateAlleleVCF\tSomaticClinicalImpact\tSomaticClinicalImpactLastEvaluated\t"
    "ReviewStatusClinicalImpact\tOncogenicity\tOncogenicityLastEvaluated\tReviewStatusOncogenicity\t"
    "SCVsForAggregateGermlineClassification\tSCVsForAggregateSomaticClinicalImpact\t"
    "SCVsForAggregateOncogenicityClassification"
)
COLUMNS = HEADER.split("\t")
CELLS = {
    "AlleleID": "15041",
    "Type": "Indel",
    "Name": "NM_014855.3(AP5Z1):c.80_83delinsTGCTGTAAACTGTAACTGTAAA (p.Arg27_Ile28delinsLeuLeuTer)",
    "GeneID": "9907",
    "GeneSymbol": "AP5Z1",
    "HGNC_ID": "HGNC:22197",
    "ClinicalSignificance": "Pathogenic/Likely pathogenic",
    "ClinSigSimple": "1",
    "LastEvaluated": "Dec 17, 2024",
    "RS# (dbSNP)": "397704705",
    "RCVaccession": "RCV000000012|RCV005255549|RCV004998069",
    "PhenotypeIDS": "MONDO:MONDO:0013342,MedGen:C3150901,OMIM:613647,Orphanet:306511||MedGen:C3661900",
    "PhenotypeList": "Hereditary spastic paraplegia 48|Macular dystrophy|not provided",
    "Origin": "germline;unknown",
    "Assembly": "GRCh38",
    "Chromosome": "7",
    "Start": "4781213",
    "Stop": "4781216",
    "ReviewStatus": "criteria provided, multiple submitters, no conflicts",
    "NumberSubmitters": "4",
    "VariationID": "2",
    "PositionVCF": "4781213",
    "ReferenceAlleleVCF": "GGAT",
    "AlternateAlleleVCF": "TGCTGTAAACTGTAACTGTAAA",
    "Oncogenicity": "Likely oncogenic",
}


def variants(*changes: dict[str, str], columns: int = 43) -> str:
    """A variant summary with a row for each change of the cells above; 43 columns, or the 34 of old."""
    names = COLUMNS[:columns]
    rows = ["\t".join((CELLS | change).get(name, "-") for name in names) for change in changes]
    return "\n".join(["#" + "\t".join(names), *rows]) + "\n"


VARIANTS = variants({"Assembly": "GRCh37", "Start": "4820844"}, {}, {"GeneID": "-1", "Assembly": "na"})
READERS: dict[str, tuple[Callable[[Path], Iterator[Any]], str]] = {
    "new genes": (read_gene_conditions, NEW_GENES),
    "old genes": (read_gene_conditions, OLD_GENES),
    "variants": (read_variants, VARIANTS),
}


def write(folder: Path, text: str, name: str = "table.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_golden_rows_of_the_old_gene_table(tmp_path: Path) -> None:
    records = list(read_gene_conditions(write(tmp_path, OLD_GENES)))
    disease, day = "Alzheimer's disease", date(2011, 5, 16)
    assert records == [
        GeneCondition("2", ("A2M",), (), "C0002395", disease, "SNOMED CT", "26929004", "104300", day, "", 0),
        GeneCondition("2", ("A2M",), (), "C0002395", disease, "GeneReviews", None, None, None, "", 0),
    ]
    assert [(record.file, record.line) for record in records] == [("table.txt", 2), ("table.txt", 3)]


def test_golden_rows_of_the_new_gene_table(tmp_path: Path) -> None:
    first, second, related = read_gene_conditions(write(tmp_path, NEW_GENES))
    disease = "Hereditary spastic paraplegia 48"
    days = date(2024, 1, 4), date(2024, 1, 5)
    assert first == GeneCondition(
        "9907", ("AP5Z1",), (), "C3150901", disease, "MONDO", "MONDO:0013342", None, days[0], "", 0
    )
    assert second.disease_mim == "613647"
    assert related == GeneCondition(
        "9640", (), ("ZNF592",), None, "Spasticity", None, None, None, days[1], "", 0
    )


def test_sources_are_merged_and_the_number_of_omim_is_filled_in(tmp_path: Path) -> None:
    first, second, related = read_gene_conditions(write(tmp_path, NEW_GENES))
    merged, other = merge_sources([first, second, related])
    assert (merged.source_name, merged.disease_mim, merged.line) == ("MONDO", "613647", 2)
    assert other == related
    assert merge_sources([second, first, first]) == [second]


def test_golden_row_of_variants(tmp_path: Path) -> None:
    (record,) = read_variants(write(tmp_path, VARIANTS))
    assert record == Variant(
        allele_id="15041",
        variation_id="2",
        variant_type="Indel",
        name="NM_014855.3(AP5Z1):c.80_83delinsTGCTGTAAACTGTAACTGTAAA (p.Arg27_Ile28delinsLeuLeuTer)",
        gene_id="9907",
        gene_symbols=("AP5Z1",),
        hgnc_id="HGNC:22197",
        clinical_significance="Pathogenic/Likely pathogenic",
        last_evaluated=date(2024, 12, 17),
        rcv_accessions=("RCV000000012", "RCV005255549", "RCV004998069"),
        origins=("germline", "unknown"),
        assembly="GRCh38",
        chromosome="7",
        start=4781213,
        stop=4781216,
        review_status="criteria provided, multiple submitters, no conflicts",
        num_submitters=4,
        position_vcf=4781213,
        reference_allele="GGAT",
        alternate_allele="TGCTGTAAACTGTAACTGTAAA",
        somatic_clinical_impact=None,
        oncogenicity="Likely oncogenic",
        conditions=(
            Condition(
                "Hereditary spastic paraplegia 48",
                parse_condition_ids("MONDO:MONDO:0013342,MedGen:C3150901,OMIM:613647,Orphanet:306511"),
            ),
            Condition("Macular dystrophy"),
            Condition("not provided", (CrossReference("MedGen", "C3661900"),)),
        ),
        file="",
        line=0,
    )
    assert (record.file, record.line) == ("table.txt", 3)


def test_the_34_columns_of_old_and_gzip(tmp_path: Path) -> None:
    path = tmp_path / "variant_summary.txt.gz"
    path.write_bytes(gzip.compress(variants({}, columns=34).encode()))
    (record,) = read_variants(path)
    assert (record.allele_id, record.oncogenicity) == ("15041", None)
    other_name = variants({}, columns=34).replace("PhenotypeIDS", "PhenotypeIDs")
    assert list(read_variants(write(tmp_path, other_name))) == [record]


def test_assemblies(tmp_path: Path) -> None:
    path = write(tmp_path, VARIANTS)
    assert [record.start for record in read_variants(path, "GRCh37")] == [4820844]
    everything = list(read_variants(path, None))
    assert [record.assembly for record in everything] == ["GRCh37", "GRCh38", None]
    assert everything[2].gene_id is None
    with pytest.raises(DataFormatError, match=r"assembly 'hg38', has none; found: GRCh37, GRCh38, na\. Give"):
        list(read_variants(path, "hg38"))


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("-", ()),
        ("FANCI;POLG,SRY", ("FANCI", "POLG", "SRY")),
        ("subset of 145 genes: MAGEL2:SNURF:UBE3A", ("MAGEL2", "SNURF", "UBE3A")),
        ("covers 17 genes, none of which curated to show dosage sensitivity", ()),
    ],
)
def test_gene_symbols(tmp_path: Path, text: str, symbols: tuple[str, ...]) -> None:
    (record,) = read_variants(write(tmp_path, variants({"GeneSymbol": text})))
    assert record.gene_symbols == symbols


def test_nulls_of_variants(tmp_path: Path) -> None:
    empty = dict.fromkeys(set(CELLS) - {"AlleleID", "VariationID", "Type", "Name", "Assembly"}, "-")
    changes = {"GeneID": "-1", "Start": "-1", "Stop": "", "ReferenceAlleleVCF": "na"}
    (record,) = read_variants(write(tmp_path, variants(empty | changes)))
    values = [getattr(record, name) for name in Variant.__slots__]
    assert [value for value in values[4:-2] if value not in (None, ())] == ["GRCh38"]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "old genes",
            "2\tA2M\tC0002395\tAlzheimer's disease\tS",
            "A2M\t\t\tA\tS",
            r"line 2 has the gene id 'A2M'",
        ),
        ("old genes", "May", "Mai", r"table\.txt: line 2 has the date '16 Mai 2011'"),
        ("old genes", "GeneSymbol", "Symbol", r"line 1 .*; missing: AssociatedGenes; found: GeneID, Symbol"),
        ("new genes", "Spasticity", "", r"line 4 lacks a disease name"),
        ("new genes", "RelatedGenes", "Related", r"line 1 .*; missing: RelatedGenes; found:"),
        ("new genes", "\t613647\t05", "\t05", r"line 3 has 8 columns, expected 9"),
        ("variants", "\t9907\t", "\tnone\t", r"line 3 has the gene id 'none'"),
        ("variants", "\t4781216\t", "\t4e6\t", r"line 3 has the number '4e6', expected digits, or -1"),
        ("variants", "\n15041\t", "\n\t", r"line 3 has the AlleleID '', expected digits"),
        ("variants", "\tIndel\t", "\t\t", r"line 3 lacks a type"),
        ("variants", "Dec 17", "Dec 32", r"line 3 has the date 'Dec 32, 2024'"),
        ("variants", "PhenotypeIDS", "IDs", r"line 1 .*; missing: PhenotypeIDS; found:"),
        ("variants", "\tOrigin\t", "\tOriginal\t", r"line 1 .*; missing: Origin; found:"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    reader, text = READERS[name]
    assert old in text
    with pytest.raises(DataFormatError, match=message):
        list(reader(write(tmp_path, text.replace(old, new))))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.data())
def test_damage_gives_records_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    reader, text = READERS[name]
    whole = gzip.compress(text.encode()) if data.draw(st.booleans(), "gzip") else text.encode()
    start = data.draw(st.integers(0, len(whole) - 1), "start")
    length = data.draw(st.integers(0, 12), "length")
    junk = data.draw(st.binary(max_size=4) | st.text("\t\n#;,|: 0-9é", max_size=4).map(str.encode), "junk")
    path = tmp_path_factory.getbasetemp() / "clinvar.txt"
    path.write_bytes(whole[:start] + junk + whole[start + length :])
    try:
        records = list(reader(path))
    except DataFormatError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert records
