"""Runs scim2-tester on an empty tenant: no check may be skipped, and only those of EXPECTED may fail.

usage: tester.py BINARY
"""

import collections
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from stack import Stack, folder, token

# DEVIATION means that a SHOULD of the RFCs is not followed.
FAILED = {Status.DEVIATION, Status.ERROR, Status.CRITICAL}
# Intended behaviour that the tester reports as a failure: `active` always has a value, so that removing it cannot
# reactivate a leaver, and RFC 7644 section 3.5.2.2 rejects the removal of required attributes. (check, attribute)
EXPECTED = {("check_remove_attribute", "active")}
# Far fewer checks than usual, but far more than the tester runs when it stops early because discovery failed.
AT_LEAST = 100


def about(result):
    data = result.data if isinstance(result.data, dict) else {}
    return result.title, str(data.get("urn"))


def main(binary):
    key = token()
    with folder() as path, Stack(binary, path, "--memory", "--tenant", f"empty={key}") as stack:
        base, _ = stack.tenants["empty"]
        headers = {"Authorization": f"Bearer {key}"}
        with Client(base_url=base, headers=headers, trust_env=False, timeout=30) as http:
            results = check_server(SyncSCIMClient(http))
    expected = [result for result in results if result.status in FAILED and about(result) in EXPECTED]
    if {about(result) for result in expected} != EXPECTED:
        sys.exit("an expected failure did not occur: remove it from EXPECTED")
    results = [result for result in results if result not in expected]
    bad = [result for result in results if result.status in FAILED or result.status is Status.SKIPPED]
    for result in bad:
        print(f"{result.status.name} {result.resource_type or ''} {result.title}: {result.reason}\n  {result.data}")
    counts = collections.Counter(result.status for result in results)
    failed = sum(counts[status] for status in FAILED)
    print(", ".join(f"{counts[status]} {status.name.lower()}" for status in Status if counts[status]), end=": ")
    print(f"{failed} failed of {len(results)}")
    sys.exit(1 if bad or len(results) < AT_LEAST else 0)


main(*sys.argv[1:])
