"""The real data over HTTP gives the reference results; the same by every door."""

import time

from api import Server
from program import REAL, need_real

READ = {"departments": 12, "jobs": 183, "hired_employees": 1999}
DEPARTMENTS = [221, 208, 204, 204, 187, 151, 143]


def test_reports_of_the_real_data(tmp_path):
    need_real()
    with Server(tmp_path, env={"MUSTER_SOURCE": str(REAL)}) as server:
        client = server.user()
        started = client.post("/runs", None, 202)
        path = started.headers["location"]
        events = client.get(path + "/events").body.decode()
        assert "event: summary" in events
        run = client.get(path).json
        assert run["status"] == "succeeded", run
        assert {t["table"]: t["read"] for t in run["tables"]} == READ

        above = client.get("/qtrlyhired").json
        assert [row["hired"] for row in above] == DEPARTMENTS
        quarters = client.get("/hired2021").json
        assert sum(row[q] for row in quarters for q in ("q1", "q2", "q3", "q4")) == 1659
        assert client.get("/reports/departments_above_mean?year=2021").json == above

        first = client.get("/qtrlyhired")
        client.get("/qtrlyhired", 304, If_None_Match=first.headers["etag"])
        hired = {"id": 99_999, "name": "Ada", "datetime_": "2021-05-01T00:00:00Z", "job_id": 1}
        client.post("/hiredemployees", hired | {"department_id": above[-1]["id"]}, 201)
        changed = client.get("/qtrlyhired", If_None_Match=first.headers["etag"])
        assert changed.json[-1]["hired"] == DEPARTMENTS[-1] + 1

        server.client().get("/qtrlyhired", 401)
        client.post("/logout", None, 200)
        client.get("/qtrlyhired", 401)
        assert server.stop() == 0


def test_runs_and_the_command_line_share_the_database(sample):
    with Server(sample.folder) as server:
        client = server.user()
        path = client.post("/runs", {"tables": ["departments"]}, 202).headers["location"]
        deadline = time.monotonic() + 30
        while client.get(path).json["status"] == "running":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "departments" in sample("query", "SELECT count(*) AS departments FROM departments",
                                       "--json").stdout  # fmt: skip
        listed = sample("runs", "list", "--json").stdout
        assert path.rsplit("/", 1)[1] in listed
        sample("run")
        assert len(client.get("/jobs?limit=1000").json) == 60
        client.post("/runs", {"tables": ["nothing"]}, 422)
        client.get("/runs/nothing", 404)
        assert client.post(f"{path}/cancel", None, 409).json["code"] == "run.ended"
        metrics = client.get("/metrics").body.decode()
        assert 'muster_runs_total{status="succeeded"} 1' in metrics
        assert 'route="/runs/{id}"' in metrics
        assert client.token not in (server.folder / "serve.log").read_text()
        assert server.stop() == 0
