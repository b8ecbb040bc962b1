"""Every statement that muster renders for Redshift is SQL of Redshift: an independent parser reads
it, and the stand-in refuses nothing of it. The golden texts are tests/cases/redshift/*.sql."""

import pathlib

import pytest
from redshift.parser import objections, unparsable
from redshift.tokens import statements

GOLDEN = pathlib.Path(__file__).parents[1] / "cases" / "redshift"
FILES = sorted(GOLDEN.glob("*.sql"))
# What shows that the two look at all: each is wrong in one way.
WRONG = [
    "COPY t 's3://b/k' IAM_ROLE default FORMAT AS PARQUET",
    "COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS CSV IGNOREHEADR 1",
    "UNLOAD (SELECT 1) TO 's3://b/k' IAM_ROLE default FORMAT AS PARQUET",
    "CREATE TABLE t (id INTT)",
    "CREATE TABLE t (id INT) DISTSTLE EVEN",
    "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
    "INSERT INTO t VALUES (1) RETURNING id",
    "DELETE FROM t USING",
    "SELECT array_agg(id) FROM t",
    "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE"
    " WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)",
]
RIGHT = [
    "CREATE TABLE s.t (id INTEGER NOT NULL ENCODE az64, name VARCHAR(200)) DISTSTYLE KEY"
    " DISTKEY (id) COMPOUND SORTKEY (id)",
    "CREATE TEMP TABLE stage (LIKE s.t)",
    "COPY t FROM 's3://b/m' IAM_ROLE 'arn:aws:iam::123456789012:role/r' FORMAT AS PARQUET MANIFEST",
    "UNLOAD ('SELECT * FROM t') TO 's3://b/p/' IAM_ROLE default FORMAT AS PARQUET MANIFEST VERBOSE",
    "DELETE FROM t USING stage WHERE t.id = stage.id",
    "UPDATE t SET name = $1 WHERE id = $2",
    "LOCK TABLE a, b",
]


@pytest.mark.parametrize("sql", WRONG)
def test_what_is_wrong_is_found(sql):
    assert objections(sql)


@pytest.mark.parametrize("sql", RIGHT)
def test_what_is_right_is_taken(sql):
    assert objections(sql, in_block=True) == []


def test_the_parser_alone_finds_what_the_stand_in_does_not_look_at():
    assert unparsable("SELECT FROM WHERE") and unparsable("SELECT 1 FORM t")


def test_there_are_golden_statements():
    assert FILES, f"no *.sql in {GOLDEN}"


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_golden_statements(file):
    found = statements(file.read_text())
    assert found, file
    wrong = {s.text: objections(s.text, in_block=True) for s in found}
    assert {sql: words for sql, words in wrong.items() if words} == {}
