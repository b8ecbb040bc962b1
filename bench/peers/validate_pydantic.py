"""Validates a hired_employees file with csv and pydantic, one record at a time."""

import csv
import datetime
import json
import sys

import pydantic


class Employee(pydantic.BaseModel):
    id: int
    name: str | None
    datetime_: datetime.datetime | None
    department_id: int | None
    job_id: int | None


source, rejects = sys.argv[1:3]
fields = list(Employee.model_fields)
validate = Employee.__pydantic_validator__.validate_python
read = rejected = 0
with open(source, newline="") as file, open(rejects, "w") as out:
    for row in csv.reader(file):
        read += 1
        try:
            validate(dict(zip(fields, (value or None for value in row), strict=True)))
        except ValueError as error:  # a ValidationError is one, and so is zip's about lengths
            rejected += 1
            out.write(f"{read}: {error}\n")
print(json.dumps({"read": read, "rejected": rejected}))
