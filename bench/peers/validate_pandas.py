"""Validates a hired_employees file with pandas. Records with too few fields go unnoticed: pandas
fills them up, and the last column may be empty."""

import json
import sys

import pandas

source, rejects = sys.argv[1:3]
columns = ["id", "name", "datetime_", "department_id", "job_id", "more"]
frame = pandas.read_csv(source, header=None, names=columns, dtype="str", keep_default_na=False)
refused = frame["more"].ne("")
for column in ("id", "department_id", "job_id"):
    bad = pandas.to_numeric(frame[column], errors="coerce").isna()
    refused |= bad if column == "id" else bad & frame[column].ne("")
when = pandas.to_datetime(frame["datetime_"], format="%Y-%m-%dT%H:%M:%SZ", errors="coerce")
refused |= when.isna() & frame["datetime_"].ne("")
frame[refused].to_csv(rejects)
print(json.dumps({"read": len(frame), "rejected": int(refused.sum())}))
