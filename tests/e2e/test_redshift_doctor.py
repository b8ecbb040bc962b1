"""`muster doctor` on the Redshift stand-in: each check finds what it is for."""

import pytest
from redshift.behaviour import doctor_is_content, findings
from redshift.muster import OnRedshift


@pytest.fixture
def muster(standin, tmp_path):
    made = OnRedshift(standin, tmp_path)
    made.put_source({f"{name}.csv": b"1,a\n" for name in ("departments", "jobs")})
    made.server.put(made.bucket, "incoming/hired_employees.csv", b"")
    return made


def test_a_warehouse_that_is_well(muster):
    doctor_is_content(muster)
    assert [key for key in muster.server.keys(muster.bucket) if "doctor" in key] == []


def test_a_role_that_may_not(muster):
    roles, muster.standin.roles = muster.standin.roles, set()
    try:
        status, message, remedy = findings(muster, code=1)["copy"]
    finally:
        muster.standin.roles = roles
    assert status == "fail" and "iam_role" in remedy, (message, remedy)


def test_a_bucket_in_another_region(muster):
    muster.env["MUSTER_WAREHOUSE"] += "?region=eu-west-9"
    status, message, remedy = findings(muster, code=1)["region"]
    assert status == "fail" and "eu-west-9" in message and "[s3] region" in remedy


def test_rights_that_lack(muster):
    muster.sql("DROP ROLE IF EXISTS weak")
    muster.sql("CREATE ROLE weak LOGIN PASSWORD 'weak'")
    muster.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    url = muster.env["MUSTER_WAREHOUSE"]
    muster.env["MUSTER_WAREHOUSE"] = url.replace(url.split("//")[1].split("@")[0], "weak:weak")
    status, message, remedy = findings(muster, code=1)["rights"]
    assert status == "fail" and "GRANT CREATE, USAGE ON SCHEMA public" in remedy
    muster.sql("GRANT CREATE, USAGE ON SCHEMA public TO weak")
    status, message, remedy = findings(muster, code=1)["rights"]
    assert status == "fail" and "GRANT CREATE ON DATABASE" in remedy, message
    muster.sql("CREATE SCHEMA muster")
    assert "schema muster" in findings(muster, code=1)["rights"][1]
    muster.sql("GRANT CREATE, USAGE ON SCHEMA muster TO weak")
    assert findings(muster, code=None)["rights"][0] == "ok"


def test_nobody_there_and_no_redshift(muster):
    url = muster.env["MUSTER_WAREHOUSE"]
    muster.env["MUSTER_WAREHOUSE"] = url.replace(f":{muster.standin.port}/", ":1/")
    found = findings(muster, code=1)
    assert list(found) == ["reach"] and found["reach"][0] == "fail"
    plain = url.replace(f":{muster.standin.port}/", f":{muster.standin.postgres.port}/")
    muster.env["MUSTER_WAREHOUSE"] = plain
    done = muster("doctor", "--json", code=1)
    assert "fail" in done.stdout
