"""What the tests of imports say of a report, in few words."""

HEADER = "order_id,account,ordered_on,sku,quantity,unit_price,discount,unit_cost\n"


def counts(report):
    assert report.read == report.stored + report.unchanged + report.refused
    return report.stored, report.unchanged, report.refused


def reasons(report):
    return [reason for _, reason in report.first_refused]
