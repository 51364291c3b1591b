"""One protein in each format of UniProt, and the record that all of them give."""

import json
from typing import Any

from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.uniprot_disease import ProteinDisease
from datamodules.sources.uniprot_record import GoAnnotation, ProteinRecord

FLAT = """\
ID   ODPX_HUMAN              Reviewed;         501 AA.
AC   O00330; B4DW62; D3DR11; E9PB14;
DT   30-NOV-2010, sequence version 3.
DE   RecName: Full=Pyruvate dehydrogenase protein X component, mitochondrial {ECO:0000305};
DE            Short=E3BP;
DE            EC=2.3.1.12 {ECO:0000269|PubMed:1};
DE   AltName: Full=Dihydrolipoamide dehydrogenase-binding protein (of PDH);
DE   AltName: CD_antigen=CD999;
DE   Contains:
DE     RecName: Full=Some part;
DE   Flags: Precursor;
GN   Name=PDHX {ECO:0000312|HGNC:HGNC:21350}; Synonyms=PDX1 {ECO:0000303|PubMed:9399911},
GN   proX; ORFNames=ORF7;
GN   and
GN   Name=PDHX2; Synonyms=PDX2;
OS   Homo sapiens (Human).
OC   Eukaryota; Metazoa; Chordata.
OX   NCBI_TaxID=9606 {ECO:0000312|Proteomes:UP000005640};
RN   [1]
RP   NUCLEOTIDE SEQUENCE [MRNA].
CC   -!- FUNCTION: Required for anchoring dihydrolipoamide dehydrogenase (E3)
CC       to the dihydrolipoamide transacetylase (E2) core (PubMed:20361979,
CC       PubMed:9399911). This specific binding is essential for a well-
CC       functioning complex, with pre-
CC       and post-steps. {ECO:0000269|PubMed:20361979,
CC       ECO:0000269|PubMed:9399911}.
CC   -!- FUNCTION: [Isoform 2]: Does nothing. {ECO:0000305}.
CC   -!- SUBUNIT: Part of the complex.
CC   -!- INTERACTION:
CC       O00330; P09622: DLD; NbExp=7; IntAct=EBI-751566, EBI-353366;
CC   -!- PATHWAY: Carbohydrate degradation; glycolysis {ECO:0000305}.
CC   -!- SUBCELLULAR LOCATION: Mitochondrion matrix {ECO:0000269|PubMed:9399911}.
CC       Membrane {ECO:0000305}; Multi-pass membrane protein {ECO:0000255}; Lumenal
CC       side. Note=Moves. {ECO:0000305}.
CC   -!- SUBCELLULAR LOCATION: [Isoform 2]: Cytoplasm, cytosol.
CC   -!- TISSUE SPECIFICITY: Expressed in heart; "weak" in brain.
CC       {ECO:0000269|PubMed:9399911}.
CC   -!- DISEASE: Pyruvate dehydrogenase E3-binding protein deficiency (PDHXD)
CC       [MIM:245349]: A metabolic disorder (PubMed:1) with T-cell-
CC       negative acidosis. {ECO:0000269|PubMed:12557299,
CC       ECO:0000269|PubMed:9399911}. Note=The disease is caused by variants
CC       affecting the gene represented in this entry.
CC   -!- DISEASE: Note=Defects may be a cause of acidosis. {ECO:0000305}.
CC   ---------------------------------------------------------------------------
CC   Copyrighted by the UniProt Consortium, see https://www.uniprot.org/terms
CC   ---------------------------------------------------------------------------
DR   EMBL; AF001437; AAC39661.1; -; mRNA.
DR   DisGeNET; 8050; -.
DR   GeneID; 8050; -.
DR   HGNC; HGNC:21350; PDHX.
DR   MIM; 245349; phenotype.
DR   MIM; 608769; gene.
DR   Orphanet; 255182; Pyruvate dehydrogenase E3-binding protein deficiency.
DR   GO; GO:0005759; C:mitochondrial matrix; IDA:HPA.
DR   GO; GO:0016746; F:acyltransferase activity; in vitro; IEA:UniProtKB-KW.
DR   GO; GO:0006086; P:acetyl-CoA biosynthetic process; IC:ComplexPortal.
PE   1: Evidence at protein level;
KW   Mitochondrion {ECO:0000269|PubMed:9399911}; 3D-structure;
KW   Disease variant.
FT   TRANSIT         1..53
FT                   /note="Mitochondrion"
SQ   SEQUENCE   501 AA;  54122 MW;  5E3F8A2B1C0D9E7F CRC64;
     MAASWRLGCD PRLLRYLVGF PGRRSVGLVK GALGWSVSRG ANWRWFHSTQ WLRGDPIKIL
//
"""

COLUMNS = {
    "Entry": "O00330",
    "Entry Name": "ODPX_HUMAN",
    "Reviewed": "reviewed",
    "Protein names": (
        "Pyruvate dehydrogenase protein X component, mitochondrial (E3BP) (EC 2.3.1.12) "
        "(Dihydrolipoamide dehydrogenase-binding protein (of PDH)) (CD antigen CD999) "
        "[Cleaved into: Some part (SP)]"
    ),
    "Gene Names": "PDHX PDX1 proX ORF7; PDHX2 PDX2",
    "Gene Names (primary)": "PDHX; PDHX2",
    "Gene Names (synonym)": "PDX1 proX; PDX2",
    "Organism": "Homo sapiens (Human)",
    "Organism (ID)": "9606",
    "Length": "501",
    "Function [CC]": (
        "FUNCTION: Required for anchoring dihydrolipoamide dehydrogenase (E3) to the dihydrolipoamide "
        "transacetylase (E2) core (PubMed:20361979, PubMed:9399911). This specific binding is "
        "essential for a "
        "well-functioning complex, with pre- and post-steps. {ECO:0000269|PubMed:20361979, "
        "ECO:0000269|PubMed:9399911}.; FUNCTION: [Isoform 2]: Does nothing. {ECO:0000305}."
    ),
    "Pathway": "PATHWAY: Carbohydrate degradation; glycolysis {ECO:0000305}.",
    "Subcellular location [CC]": (
        "SUBCELLULAR LOCATION: Mitochondrion matrix {ECO:0000269|PubMed:9399911}. Membrane {ECO:0000305}; "
        "Multi-pass membrane protein {ECO:0000255}; Lumenal side. Note=Moves. {ECO:0000305}.; "
        "SUBCELLULAR LOCATION: [Isoform 2]: Cytoplasm, cytosol."
    ),
    "Tissue specificity": (
        'TISSUE SPECIFICITY: Expressed in heart; "weak" in brain. {ECO:0000269|PubMed:9399911}.'
    ),
    "Involvement in disease": (
        "DISEASE: Pyruvate dehydrogenase E3-binding protein deficiency (PDHXD) [MIM:245349]: A metabolic "
        "disorder (PubMed:1) with T-cell-negative acidosis. {ECO:0000269|PubMed:12557299, "
        "ECO:0000269|PubMed:9399911}. Note=The disease is caused by variants affecting the gene "
        "represented in "
        "this entry.; DISEASE: Note=Defects may be a cause of acidosis. {ECO:0000305}."
    ),
    "Gene Ontology (cellular component)": "mitochondrial matrix [GO:0005759]",
    "Gene Ontology (molecular function)": "acyltransferase activity; in vitro [GO:0016746]",
    "Gene Ontology (biological process)": "acetyl-CoA biosynthetic process [GO:0006086]",
    "Gene Ontology IDs": "GO:0005759; GO:0006086; GO:0016746",
    "Keywords": "3D-structure;Disease variant;Mitochondrion",
    "MIM": "245349;608769;",
    "GeneID": "8050;",
    "HGNC": "HGNC:21350;",
    "Orphanet": "255182;",
    "DisGeNET": "8050;",
    "PubMed ID": "9399911; 20361979",
}
TABLE = "\t".join(COLUMNS) + "\n" + "\t".join(COLUMNS.values()) + "\n"


def _evidence(*pubmed: str) -> list[dict[str, str]]:
    return [{"evidenceCode": "ECO:0000269", "source": "PubMed", "id": one} for one in pubmed]


def _pointer(database: str, identifier: str, **properties: str) -> dict[str, Any]:
    pairs = [{"key": key, "value": value} for key, value in properties.items()]
    return {"database": database, "id": identifier, "properties": pairs}


ENTRY: dict[str, Any] = {
    "entryType": "UniProtKB reviewed (Swiss-Prot)",
    "primaryAccession": "O00330",
    "secondaryAccessions": ["B4DW62"],
    "uniProtkbId": "ODPX_HUMAN",
    "annotationScore": 5.0,
    "organism": {
        "scientificName": "Homo sapiens",
        "commonName": "Human",
        "taxonId": 9606,
        "lineage": ["Homo"],
    },
    "proteinDescription": {
        "recommendedName": {
            "fullName": {"evidences": _evidence("1"), "value": COLUMNS["Protein names"].split(" (")[0]},
            "shortNames": [{"value": "E3BP"}],
            "ecNumbers": [{"value": "2.3.1.12"}],
        },
        "alternativeNames": [
            {"fullName": {"value": "Dihydrolipoamide dehydrogenase-binding protein (of PDH)"}},
        ],
        "cdAntigenNames": [{"value": "CD999"}],
        "contains": [{"recommendedName": {"fullName": {"value": "Some part"}}}],
        "flag": "Precursor",
    },
    "genes": [
        {
            "geneName": {"evidences": _evidence("2"), "value": "PDHX"},
            "synonyms": [{"value": "PDX1"}, {"value": "proX"}],
            "orfNames": [{"value": "ORF7"}],
        },
        {"geneName": {"value": "PDHX2"}, "synonyms": [{"value": "PDX2"}]},
    ],
    "comments": [
        {
            "commentType": "FUNCTION",
            "texts": [
                {
                    "evidences": _evidence("20361979", "9399911"),
                    "value": (
                        "Required for anchoring dihydrolipoamide dehydrogenase (E3) to the dihydrolipoamide "
                        "transacetylase (E2) core (PubMed:20361979, PubMed:9399911). This specific binding "
                        "is essential for a well-functioning complex, with pre- and post-steps"
                    ),
                }
            ],
        },
        {"commentType": "FUNCTION", "molecule": "Isoform 2", "texts": [{"value": "Does nothing"}]},
        {"commentType": "INTERACTION", "interactions": [{"numberOfExperiments": 7}]},
        {"commentType": "PATHWAY", "texts": [{"value": "Carbohydrate degradation; glycolysis"}]},
        {
            "commentType": "SUBCELLULAR LOCATION",
            "note": {"texts": [{"value": "Moves"}]},
            "subcellularLocations": [
                {"location": {"value": "Mitochondrion matrix", "id": "SL-0170"}},
                {
                    "location": {"value": "Membrane", "id": "SL-0162"},
                    "topology": {"value": "Multi-pass membrane protein"},
                    "orientation": {"value": "Lumenal side"},
                },
            ],
        },
        {
            "commentType": "SUBCELLULAR LOCATION",
            "molecule": "Isoform 2",
            "subcellularLocations": [{"location": {"value": "Cytoplasm, cytosol"}}],
        },
        {"commentType": "TISSUE SPECIFICITY", "texts": [{"value": 'Expressed in heart; "weak" in brain.'}]},
        {
            "commentType": "DISEASE",
            "disease": {
                "diseaseId": "Pyruvate dehydrogenase E3-binding protein deficiency",
                "diseaseAccession": "DI-02211",
                "acronym": "PDHXD",
                "description": "A metabolic disorder (PubMed:1) with T-cell-negative acidosis.",
                "diseaseCrossReference": {"database": "MIM", "id": "245349"},
                "evidences": _evidence("12557299", "9399911"),
            },
            "note": {
                "texts": [
                    {
                        "value": (
                            "The disease is caused by variants affecting the gene represented in this entry"
                        )
                    }
                ]
            },
        },
        {"commentType": "DISEASE", "note": {"texts": [{"value": "Defects may be a cause of acidosis."}]}},
    ],
    "keywords": [
        {"id": "KW-0496", "category": "Cellular component", "name": "Mitochondrion"},
        {"id": "KW-0225", "category": "Disease", "name": "Disease variant"},
        {"id": "KW-0002", "category": "Technical term", "name": "3D-structure"},
    ],
    "uniProtKBCrossReferences": [
        _pointer("EMBL", "AF001437", ProteinId="AAC39661.1", Status="-", MoleculeType="mRNA"),
        _pointer("DisGeNET", "8050"),
        _pointer("GeneID", "8050"),
        _pointer("HGNC", "HGNC:21350", GeneName="PDHX"),
        _pointer("MIM", "245349", Type="phenotype"),
        _pointer("MIM", "608769", Type="gene"),
        _pointer("Orphanet", "255182", Disease="Pyruvate dehydrogenase E3-binding protein deficiency"),
        _pointer("GO", "GO:0005759", GoTerm="C:mitochondrial matrix", GoEvidenceType="IDA:HPA"),
        _pointer("GO", "GO:0016746", GoTerm="F:acyltransferase activity; in vitro"),
        _pointer("GO", "GO:0006086", GoTerm="P:acetyl-CoA biosynthetic process"),
    ],
    "sequence": {"value": "MAASWRLGCD", "length": 501, "molWeight": 54122},
}
DOCUMENT = json.dumps({"results": [ENTRY]})

#: What an entry gives that says nothing.
EMPTY = ProteinRecord(
    accession="P04637",
    entry_name=None,
    reviewed=None,
    name=None,
    alternative_names=(),
    genes=(),
    gene_synonyms=(),
    organism=None,
    taxon_id=None,
    length=None,
    functions=(),
    locations=(),
    tissues=(),
    pathways=(),
    keywords=(),
    go=(),
    cross_references=(),
    diseases=(),
    file="",
    line=0,
)
RECORD = ProteinRecord(
    accession="O00330",
    entry_name="ODPX_HUMAN",
    reviewed=True,
    name="Pyruvate dehydrogenase protein X component, mitochondrial",
    alternative_names=("E3BP", "Dihydrolipoamide dehydrogenase-binding protein (of PDH)", "CD999"),
    genes=("PDHX", "PDHX2"),
    gene_synonyms=("PDX1", "proX", "PDX2"),
    organism="Homo sapiens (Human)",
    taxon_id="9606",
    length=501,
    functions=(
        "Required for anchoring dihydrolipoamide dehydrogenase (E3) to the dihydrolipoamide "
        "transacetylase (E2) "
        "core. This specific binding is essential for a well-functioning complex, with pre- and post-steps.",
        "[Isoform 2]: Does nothing.",
    ),
    locations=(
        "Mitochondrion matrix",
        "Membrane; Multi-pass membrane protein; Lumenal side",
        "[Isoform 2]: Cytoplasm, cytosol",
    ),
    tissues=('Expressed in heart; "weak" in brain.',),
    pathways=("Carbohydrate degradation; glycolysis",),
    keywords=("3D-structure", "Disease variant", "Mitochondrion"),
    go=(
        GoAnnotation("GO:0005759", "mitochondrial matrix", "C"),
        GoAnnotation("GO:0006086", "acetyl-CoA biosynthetic process", "P"),
        GoAnnotation("GO:0016746", "acyltransferase activity; in vitro", "F"),
    ),
    cross_references=(
        CrossReference("DisGeNET", "8050"),
        CrossReference("GeneID", "8050"),
        CrossReference("HGNC", "HGNC:21350"),
        CrossReference("MIM", "245349"),
        CrossReference("MIM", "608769"),
        CrossReference("Orphanet", "255182"),
    ),
    diseases=(
        ProteinDisease(
            "Pyruvate dehydrogenase E3-binding protein deficiency",
            "PDHXD",
            "245349",
            "A metabolic disorder with T-cell-negative acidosis.",
            "The disease is caused by variants affecting the gene represented in this entry.",
        ),
        ProteinDisease(None, note="Defects may be a cause of acidosis."),
    ),
    file="",
    line=0,
)
