"""muster in an account of AWS that another program plays: buckets, roles, secrets, logins."""

import json

import pytest
from aws_account import Account
from program import REAL, need_real
from redshift.muster import OnRedshift
from s3 import REGION
from s3_lake import Lake

HIDDEN = "not-to-be-shown"


@pytest.fixture(scope="module")
def bucket_account(tmp_path_factory):
    made = Account(tmp_path_factory.mktemp("moto"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """Of a person who may take two of three roles."""
    made = Account(tmp_path_factory.mktemp("moto"))
    made.key, made.secret_key = made.add_user("person", ["sts:AssumeRole"])
    made.roles = {
        "loader": made.add_role(
            "loader", ["secretsmanager:GetSecretValue", "redshift:GetClusterCredentials"]
        ),
        "poor": made.add_role("poor", ["s3:GetObject"]),
        "closed": made.add_role(
            "closed", ["*"], trusted={"AWS": "arn:aws:iam::123456789012:user/somebody"}
        ),
    }
    login = json.dumps({"username": "keeper", "password": HIDDEN})
    made.secret_arn = made.service("secretsmanager").create_secret(
        Name="warehouse", SecretString=login
    )["ARN"]
    made.service("redshift").create_cluster(
        ClusterIdentifier="hiring", NodeType="ra3.large", DBName="dev",
        MasterUsername="lead", MasterUserPassword="Passw0rd123",
    )  # fmt: skip
    made.seal()
    yield made
    made.stop()


@pytest.fixture
def muster(account, standin, tmp_path):
    """With the profiles of that person, and no credentials in the environment."""
    made = OnRedshift(standin, tmp_path)
    sections = [
        f"[person]\naws_access_key_id = {account.key}\n"
        f"aws_secret_access_key = {account.secret_key}\n",
        f"[forger]\naws_access_key_id = {account.key}\naws_secret_access_key = {HIDDEN}\n"
        f"[forged]\nrole_arn = {account.roles['loader']}\nsource_profile = forger\n",
    ]
    sections += [
        f"[{name}]\nrole_arn = {arn}\nsource_profile = person\n"
        for name, arn in account.roles.items()
    ]
    (tmp_path / "credentials").write_text("".join(sections))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del made.env[name]
    made.env |= {
        "AWS_ENDPOINT_URL": account.url,
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    return made


def ask(muster, profile, user="", **options):
    url = muster.standin.url(
        muster.database, "redshift", sslmode="disable", profile=profile, region=REGION, **options
    )
    place = url.split("@")[1]
    muster.env["MUSTER_WAREHOUSE"] = f"redshift://{user + '@' if user else ''}{place}"
    done = muster("query", "SELECT current_user AS who", "--json", code=None)
    assert HIDDEN not in done.stdout + done.stderr
    return done


def test_a_run_and_a_backup_in_a_bucket(bucket_account, tmp_path):
    need_real()
    lake = Lake(bucket_account, tmp_path, "lake")
    lake.server.put_folder(lake.bucket, "incoming/", REAL)
    tables, _ = lake.load()
    assert [table["inserted"] for table in tables.values()] == [12, 183, 1999]
    assert all(table["read"] == 0 for table in lake.load()[0].values())
    above = lake.report("departments_above_mean", 2021)
    assert [row["hired"] for row in above] == [221, 208, 204, 204, 187, 151, 143]
    lake("backup", "create", "hired_employees")
    name = lake.backups()[0]["backup_name"]
    lake("backup", "verify", name)
    assert "1,999 rows" in lake("backup", "restore", name).stdout.replace("1999", "1,999")
    assert not [line for line in lake("doctor").stdout.splitlines() if line[:4] != "ok  "]


def test_a_role_reads_the_secret_of_the_warehouse(muster, account):
    muster.sql(f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{HIDDEN}'")
    done = ask(muster, "loader", secret_arn=account.secret_arn)
    assert '"keeper"' in done.stdout, done.stderr


def test_a_login_of_the_cluster_is_for_the_user_that_was_asked_for(muster):
    """The password is of no use to the stand-in, which names who tried."""
    options = {"iam": "true", "cluster_identifier": "hiring"}
    done = ask(muster, "loader", user="night", **options)
    assert done.returncode == 6 and "IAM:night" in done.stderr, done.stderr
    missing = ask(muster, "loader", user="night", iam="true", cluster_identifier="other")
    assert "ClusterNotFound" in missing.stderr, missing.stderr


@pytest.mark.parametrize(
    "profile, words",
    [
        ("poor", ["access denied", "the role of profile poor", "secretsmanager:GetSecretValue"]),
        ("closed", ["STS refused role", "role/closed", "AccessDenied", "profile person"]),
        ("forged", ["STS refused role", "SignatureDoesNotMatch", "profile forger"]),
        ("person", ["access denied", "profile person"]),
    ],
)
def test_who_may_not_is_told_why(muster, account, profile, words):
    done = ask(muster, profile, secret_arn=account.secret_arn)
    assert done.returncode != 0
    assert all(word in done.stderr for word in words), done.stderr
