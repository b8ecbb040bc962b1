"""The insert of hired employees as one writes it with FastAPI, pydantic v2 and PostgreSQL's COPY.

The same contract: 1 to 1000 rows, all or none; every fault named; keys and references checked by
the database; answered when it is on disk. Run by uvicorn; DSN in the environment.
"""

import asyncio
import contextlib
import datetime
import os
from typing import Annotated

import fastapi
import psycopg
import pydantic

SCHEMA = """
CREATE TABLE departments (id BIGINT PRIMARY KEY, department TEXT NOT NULL);
CREATE TABLE jobs (id BIGINT PRIMARY KEY, job TEXT NOT NULL);
CREATE TABLE hired_employees (id BIGINT PRIMARY KEY, name TEXT NOT NULL,
    datetime_ TIMESTAMPTZ NOT NULL, department_id BIGINT NOT NULL REFERENCES departments,
    job_id BIGINT NOT NULL REFERENCES jobs);
INSERT INTO departments SELECT i, 'department ' || i FROM generate_series(1, 20) i;
INSERT INTO jobs SELECT i, 'job ' || i FROM generate_series(1, 20) i;
"""


class Employee(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True)
    id: Annotated[int, pydantic.Field(ge=1, le=2**63 - 1)]
    name: Annotated[str, pydantic.Field(min_length=1, max_length=200)]
    datetime_: Annotated[datetime.datetime, pydantic.Field(strict=False)]
    department_id: int
    job_id: int


Batch = Annotated[list[Employee], pydantic.Field(min_length=1, max_length=1000)]
ROWS = pydantic.TypeAdapter(Batch)
app = fastapi.FastAPI()
idle = asyncio.LifoQueue()


@contextlib.asynccontextmanager
async def connected():
    """A connection of its own for each request at work, kept for the next."""
    connection = (
        idle.get_nowait()
        if not idle.empty()
        else await psycopg.AsyncConnection.connect(os.environ["DSN"], autocommit=True)
    )
    try:
        yield connection
    finally:
        idle.put_nowait(connection)


@app.post("/hiredemployees", status_code=201)
async def insert(request: fastapi.Request):
    try:
        rows = ROWS.validate_json(await request.body())
    except pydantic.ValidationError as error:
        return fastapi.responses.JSONResponse(error.errors(include_url=False), 422)
    async with connected() as connection:
        try:
            async with connection.transaction(), connection.cursor() as cursor:
                async with cursor.copy("COPY hired_employees FROM STDIN") as copy:
                    for row in rows:
                        await copy.write_row(
                            (row.id, row.name, row.datetime_, row.department_id, row.job_id)
                        )
        except psycopg.errors.UniqueViolation as error:
            return fastapi.responses.JSONResponse({"detail": str(error)}, 409)
        except psycopg.errors.ForeignKeyViolation as error:
            return fastapi.responses.JSONResponse({"detail": str(error)}, 404)
    return {"inserted": len(rows)}
