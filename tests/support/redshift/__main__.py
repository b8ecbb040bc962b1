"""Starts PostgreSQL, an S3 server and the stand-in, and says how to reach them, until a key is
pressed or the input ends: PYTHONPATH=tests/support .venv/bin/python -m redshift"""

import sys
import tempfile

from redshift.server import ROLE, running

NAMES = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")


def main():
    with tempfile.TemporaryDirectory() as folder, running(folder) as standin:
        standin.gateway.make_bucket("lake")
        for name in NAMES:
            print(f"export {name}={standin.gateway.environment()[name]}")
        print(f"# bucket lake; IAM_ROLE default or {ROLE}")
        print(standin.url(standin.database(), "redshift"), flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
