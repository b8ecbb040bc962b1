"""`validate` of an object on an S3 server on loopback, against a plain GET of it and DuckDB."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUCKET = "bench"
PART_BYTES = 8 << 20


def upload(server, file):
    """By small parts: what this process holds counts for the peak of what it starts."""
    key = f"/{BUCKET}/in/{file.name}"
    begun = server.good("POST", key, query="uploads=")[1].decode()
    upload_id = re.search("<UploadId>(.*?)</UploadId>", begun)[1]
    parts = ""
    with open(file, "rb") as source:
        for number, part in enumerate(iter(lambda: source.read(PART_BYTES), b""), 1):
            query = f"partNumber={number}&uploadId={upload_id}"
            tag = server.good("PUT", key, query=query, body=part)[0]["ETag"]
            parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    server.good("POST", key, query=f"uploadId={upload_id}", body=body)


def compare(bench, equal, nothing):
    sys.path.append(str(ROOT / "tests" / "support"))
    from s3 import KEY, REGION, SECRET, Gateway

    source, facts = bench.source(bench.options.rows, "--dirty", "0")
    file = source / "hired_employees.csv"
    server = Gateway(bench.work / "s3")
    try:
        server.make_bucket(BUCKET)
        upload(server, file)
        url = f"s3://{BUCKET}/in"
        names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
        env = ["env", *(f"{name}={server.environment()[name]}" for name in names)]
        key = f"{url}/{file.name}"
        ours = bench.muster(bench.work / "v", url, "validate", key, "--json")
        local = bench.muster(bench.work / "v", source, "validate", file, "--json")
        get = [
            "curl", "--silent", "--show-error", "--fail", "--output", "/dev/null",
            "--aws-sigv4", f"aws:amz:{REGION}:s3", "--user", f"{KEY}:{SECRET}",
            "--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
            f"http://127.0.0.1:{server.port}/{BUCKET}/in/{file.name}",
        ]  # fmt: skip
        theirs = bench.peer("validate_duckdb.py", key, bench.work / "rejects.out")
        mine, plain, duck, disk = bench.best(
            (nothing, [*env, *ours], (0,)), (nothing, get, (0,)),
            (nothing, [*env, *theirs], (0,)), (nothing, local, (0,)),
        )  # fmt: skip
        equal("muster", mine.json()["tables"][0]["read"], facts["rows"])
        equal("duckdb", duck.json(), {"read": facts["rows"], "rejected": 0})
        scenario = f"validate {facts['rows']:,} rows from S3"
        bench.row(scenario, "plain GET by curl", mine, plain)
        bench.row(scenario, "DuckDB read_csv, httpfs", mine, duck)
        bench.row(scenario, "muster on the file", mine, disk)
    finally:
        server.stop()
