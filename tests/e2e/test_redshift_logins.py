"""Logins that AWS gives out, on the Redshift stand-in: temporary credentials and secrets."""

import pytest
from redshift.behaviour import FIRST
from redshift.data_api import Fault
from redshift.muster import OnRedshift
from redshift.services import CLUSTER, SECRET_ARN, WORKGROUP
from s3 import REGION

HIDDEN = "not-to-be-shown"


@pytest.fixture
def muster(standin, services, tmp_path):
    made = OnRedshift(standin, tmp_path)
    made.env |= services.environment()
    return made


def connect(muster, user="", **options):
    """The warehouse URL with these options and without a password."""
    url = muster.standin.url(muster.database, "redshift", sslmode="disable", **options)
    place = url.split("@")[1]
    muster.env["MUSTER_WAREHOUSE"] = f"redshift://{user + '@' if user else ''}{place}"


LOGINS = [
    ("loader", {"iam": "true", "cluster_identifier": CLUSTER}, "IAM:loader"),
    ("", {"iam": "true", "ClusterID": CLUSTER}, "IAM:tester"),
    ("", {"iam": "true", "serverless_work_group": WORKGROUP}, "IAM:tester"),
    ("", {"secret_arn": SECRET_ARN}, "keeper"),
]


@pytest.mark.parametrize("user, options, role", LOGINS)
def test_who_connects(muster, services, user, options, role):
    services.put_secret({"username": "keeper", "password": HIDDEN})
    services.keep("keeper", HIDDEN)
    connect(muster, user, region=REGION, **options)
    done = muster("query", "SELECT current_user AS who", "--json")
    assert f'"{role}"' in done.stdout, done.stdout
    assert HIDDEN not in done.stdout + done.stderr


def test_a_load_asks_once(muster, services):
    connect(muster, "loader", iam="true", cluster_identifier=CLUSTER, region=REGION)
    muster.put_source(FIRST)
    muster.load()
    assert services.calls == ["GetClusterCredentials"]


def test_a_secret_that_was_rotated_is_fetched_anew(muster, services):
    services.keep("keeper", HIDDEN)
    values = [{"username": "keeper", "password": "old"}, {"username": "keeper", "password": HIDDEN}]
    services.put_secret(values[0])
    rotate = services.secret

    def answered(operation, given):
        found = rotate(operation, given)
        services.put_secret(values[1])
        return found

    services.secret = answered
    connect(muster, secret_arn=SECRET_ARN)
    muster("query", "SELECT 1")
    assert services.calls == ["GetSecretValue"] * 2


def test_a_secret_that_does_not_fit_is_named_and_not_shown(muster, services):
    services.put_secret({"username": "keeper", "password": HIDDEN + "-wrong"})
    services.keep("keeper", HIDDEN)
    connect(muster, secret_arn=SECRET_ARN)
    done = muster("query", "SELECT 1", code=None)
    assert done.returncode in (2, 6)
    assert "password authentication failed" in done.stderr and SECRET_ARN in done.stderr
    assert HIDDEN not in done.stderr
    services.put_secret(HIDDEN)
    done = muster("query", "SELECT 1", code=2)
    assert "holds no JSON object" in done.stderr and HIDDEN not in done.stderr


@pytest.mark.parametrize(
    "options, fault, words",
    [
        ({"iam": "true", "cluster_identifier": "other"}, None, ["ClusterNotFound", "in region"]),
        ({"iam": "true", "workgroup": "other"}, None, ["ResourceNotFound", "GetCredentials"]),
        ({"secret_arn": "other"}, None, ["secret other", "ResourceNotFound"]),
        (
            {"iam": "true", "workgroup": WORKGROUP},
            Fault("AccessDeniedException", "User: x is not authorized"),
            ["access denied", "redshift-serverless:GetCredentials"],
        ),
        ({"iam": "true"}, None, ["which cluster or workgroup", "cluster_identifier"]),
    ],
)
def test_a_refusal_is_named(muster, services, options, fault, words):
    services.faults = [fault]
    connect(muster, region=REGION, **options)
    done = muster("query", "SELECT 1", code=None)
    assert done.returncode != 0
    assert all(word in done.stderr for word in words), done.stderr


def test_wrong_keys_are_named(muster, services):
    connect(muster, iam="true", workgroup=WORKGROUP, region=REGION)
    wrong = {"AWS_SECRET_ACCESS_KEY": HIDDEN}
    done = muster("query", "SELECT 1", env=wrong, code=None)
    assert "credentials from the environment" in done.stderr, done.stderr
    assert HIDDEN not in done.stderr


def test_a_service_that_is_ill_for_a_moment_is_asked_again(muster, services):
    services.faults = [Fault("InternalFailure", status=500), Fault("", status=0)]
    connect(muster, iam="true", workgroup=WORKGROUP, region=REGION)
    muster("query", "SELECT 1")
    assert services.calls == ["GetCredentials"] * 3
