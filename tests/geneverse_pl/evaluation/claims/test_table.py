"""The table of claims by field."""

from geneverse_pl.evaluation.claims import TruthRecord, check_claims
from geneverse_pl.evaluation.claims.table import count_by_field, format_claim_table


def test_claims_are_counted_by_field(record: TruthRecord) -> None:
    reports = [
        check_claims("It maps to 11p13.", record),
        None,
        check_claims("CAT is here. It maps to 9q34.", record, "CAT"),
    ]
    assert count_by_field(reports) == {"location": {"supported": 1, "contradicted": 1, "unknown": 0}}
    table = format_claim_table("text/x, held_out", {"tuned": reports, "shuffled": [None]})
    assert table.splitlines()[:3] == [
        "text/x, held_out, by field",
        "field     tuned      shuffled",
        "location  1 / 1 / 0  0 / 0 / 0",
    ]
    assert format_claim_table("t", {"tuned": [None]}) == ""
