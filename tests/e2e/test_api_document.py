"""OpenAPI: valid by an independent validator, true of the router, and kept by every answer."""

import json
import os
import subprocess

import jsonschema
import openapi_spec_validator
import pytest
import yaml
from api import Server
from program import ROOT


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("document")
    (folder / "data").mkdir()
    with Server(folder) as running:
        running.user()
        yield running


@pytest.fixture(scope="module")
def document(server):
    return server.client().get("/openapi.json").json


def test_it_is_valid(document):
    openapi_spec_validator.validate(document)
    assert document["openapi"] == "3.1.0"


def test_the_verb_prints_the_same(server, document, muster):
    assert json.loads(muster("openapi").stdout) == document


def test_every_path_and_method_is_there_and_no_other(server, document):
    client = server.user()
    for path, operations in document["paths"].items():
        target = path.replace("{key}", "1").replace("{id}", "1").replace("{file}", "x")
        allowed = set(client("OPTIONS", target, None, 204).headers["allow"].split(", "))
        documented = {method.upper() for method in operations}
        assert allowed - {"OPTIONS", "HEAD"} == documented, path
        assert client("PATCH", target, None, 405).json["code"] == "method_not_allowed"


def check(document, path, method, answer):
    responses = document["paths"][path][method]["responses"]
    assert str(answer.status) in responses, (path, answer)
    content = responses[str(answer.status)].get("content", {})
    kind = answer.headers.get("content-type", "").split(";")[0]
    assert kind in content or not content, (path, answer)
    if kind.endswith("json"):
        schema = {"$ref": content[kind]["schema"]["$ref"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json)


def test_answers_fit_their_schemas(server, document):
    client = server.user()
    client.post("/jobs", {"id": 77, "job": "x"}, 201)
    calls = [
        ("/jobs", "get", "/jobs", None),
        ("/jobs", "post", "/jobs", {"id": 77, "job": "x"}),
        ("/jobs", "post", "/jobs", {"id": 78, "job": "x"}),
        ("/jobs", "post", "/jobs", {"id": 79}),
        ("/hiredemployees", "post", "/hiredemployees", {"id": 1}),
        ("/jobs/{key}", "get", "/jobs/77", None),
        ("/jobs/{key}", "get", "/jobs/1234", None),
        ("/reports", "get", "/reports", None),
        ("/hired2021", "get", "/hired2021", None),
        ("/reports/hires_by_quarter", "get", "/reports/hires_by_quarter?year=x", None),
        ("/runs", "get", "/runs", None),
        ("/runs", "post", "/runs", {"tables": ["jobs"]}),
        ("/runs/{id}", "get", "/runs/none", None),
        ("/rejects", "get", "/rejects", None),
        ("/rejects/{id}", "get", "/rejects/none", None),
        ("/version", "get", "/version", None),
        ("/healthz", "get", "/healthz", None),
        ("/readyz", "get", "/readyz", None),
        ("/login", "post", "/login", {"username": "ada"}),
        ("/openapi.json", "get", "/openapi.json", None),
    ]
    for path, method, target, body in calls:
        check(document, path, method, client(method.upper(), target, body))


@pytest.mark.timeout(240)
def test_schemathesis(server):
    """All its checks, bounded and seeded; its own requests, against what the document promises."""
    client = server.user("schema")
    options = os.environ.get("MUSTER_SCHEMATHESIS", "--max-examples 15 --max-time 60").split()
    done = subprocess.run(
        [
            str(ROOT / ".venv" / "bin" / "st"),
            "--config-file", str(ROOT / "tests" / "support" / "schemathesis.toml"),
            "run", f"http://127.0.0.1:{server.port}/openapi.json", "--no-color",
            "-H", f"Authorization: Bearer {client.token}", "--checks", "all", "--seed", "1",
            "--phases", "examples,coverage,fuzzing", "--exclude-operation-id", "logout",
            *options,
        ],
        cwd=server.folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_insomnia_replays(muster):
    """The collection from top to bottom, as Insomnia would send it."""
    (muster.folder / "data").mkdir()
    with Server(muster.folder) as server:
        replay(server, muster)


def replay(server, muster):
    text = muster("insomnia", "--url", f"http://127.0.0.1:{server.port}").stdout
    collection = yaml.safe_load(text)
    assert collection["type"] == "collection.insomnia.rest/5.0"
    names = [request["url"].split("}}")[1] for request in collection["collection"]]
    assert names[:2] == ["/register", "/login"]
    values = collection["environments"]["data"]

    def fill(text):
        for name, value in values.items():
            text = text.replace("{{ _." + name + " }}", value)
        return text

    client = server.client()
    for request in collection["collection"]:
        path = fill(request["url"]).removeprefix(f"http://127.0.0.1:{server.port}")
        body = fill(request["body"]["text"]).encode() if "body" in request else None
        client.token = fill(request.get("authentication", {}).get("token", "")) or None
        kind = request.get("body", {}).get("mimeType", "application/json")
        if path.endswith("/events"):
            continue
        answer = client(request["method"], path, body, Content_Type=kind)
        assert answer.status < 500, (path, answer)
        assert answer.status != 401, (path, answer)
        if path == "/login":
            values["access_token"] = answer.json["access_token"]
            values["refresh_token"] = answer.json["refresh_token"]
