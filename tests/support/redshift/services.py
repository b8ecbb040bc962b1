"""The services of AWS that muster asks for logins and statements, on loopback: redshift,
redshift-serverless, secretsmanager and redshift-data. They check the signature of each request
with code of their own, and know only the members that the published service models have."""

import datetime
import hashlib
import hmac
import http.server
import json
import secrets
import threading
import urllib.parse
from xml.sax.saxutils import escape

from psycopg import sql
from redshift.data_api import DataApi, Fault
from s3 import KEY, REGION, SECRET

CLUSTER, WORKGROUP = "muster-cluster", "muster-workgroup"
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:muster-AbCdEf"
SKEW_S = 300
LIFETIME_S = 900
VARIABLES = {
    "redshift": "REDSHIFT", "redshift-serverless": "REDSHIFT_SERVERLESS",
    "secretsmanager": "SECRETS_MANAGER", "redshift-data": "REDSHIFT_DATA",
}  # fmt: skip
TARGETS = {
    "RedshiftServerless": "redshift-serverless", "secretsmanager": "secretsmanager",
    "RedshiftData": "redshift-data",
}  # fmt: skip
MEMBERS = {
    "GetClusterCredentials": {
        "DbUser", "DbName", "ClusterIdentifier", "DurationSeconds", "AutoCreate",
    },
    "GetClusterCredentialsWithIAM": {"DbName", "ClusterIdentifier", "DurationSeconds"},
    "GetCredentials": {"workgroupName", "dbName", "durationSeconds", "customDomainName"},
    "GetSecretValue": {"SecretId", "VersionId", "VersionStage"},
}  # fmt: skip


def signature(headers, names, body, stamp, scope, key):
    """Signature version 4 of a POST to /."""
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
    digest = hashlib.sha256(body).hexdigest()
    canonical = "\n".join(["POST", "/", "", lines, ";".join(names), digest])
    text = "\n".join(
        ["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    secret = ("AWS4" + key).encode()
    for part in scope.split("/"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def check_signature(headers, body, service, keys):
    given = headers.get("authorization", "")
    if not given.startswith("AWS4-HMAC-SHA256 "):
        raise Fault("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    parts = dict(part.strip().split("=", 1) for part in given.split(" ", 1)[1].split(","))
    key, scope = parts["Credential"].split("/", 1)
    names = parts["SignedHeaders"].split(";")
    if key not in keys:
        raise Fault("UnrecognizedClientException", "The security token is invalid.", 403)
    stamp = headers["x-amz-date"]
    if not {"host", "x-amz-date"} <= set(names):
        raise Fault("InvalidSignatureException", "host and x-amz-date must be signed", 403)
    if scope != f"{stamp[:8]}/{REGION}/{service}/aws4_request":
        raise Fault("InvalidSignatureException", f"Credential should be scoped to {service}", 403)
    if signature(headers, names, body, stamp, scope, keys[key]) != parts["Signature"]:
        raise Fault("InvalidSignatureException", "The request signature does not match", 403)
    now = datetime.datetime.now(datetime.timezone.utc)
    at = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%S%z")
    if abs((now - at).total_seconds()) > SKEW_S:
        raise Fault("InvalidSignatureException", f"Signature expired: {stamp} is now earlier", 403)


class Services:
    """`standin` is the database behind them."""

    def __init__(self, standin):
        self.standin = standin
        self.keys = {KEY: SECRET}
        self.secrets = {}
        self.calls = []  # the operations, in the order in which they came
        self.faults = []  # the next answers: Fault or None
        self.troubles = None  # of the number of a call: Fault or None
        self.lose = None  # of the number of a call: whether its answer does not arrive
        self.lost = 0
        self.before = None  # is told each operation
        self.lifetime_s = LIFETIME_S
        self.identity = "IAM:tester"
        self.lock = threading.Lock()
        self.own_logins = {}  # of the Data API: passwords by user
        self.data = DataApi(self)

    def start(self):
        handler = type("Handler", (Handler,), {"services": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.data.stop()
        self.server.shutdown()
        self.server.server_close()

    def environment(self):
        return {f"AWS_ENDPOINT_URL_{name}": self.url for name in VARIABLES.values()}

    def keep(self, user, password):
        """A role of the database with this password."""
        role = sql.Identifier(user)
        there = self.standin.admin(
            "postgres", "SELECT 1 FROM pg_roles WHERE rolname = %s", [user]
        )
        if not there:
            self.standin.admin("postgres", sql.SQL("CREATE ROLE {} SUPERUSER LOGIN").format(role))
        self.standin.admin(
            "postgres",
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)),
        )

    def put_secret(self, value):
        self.secrets[SECRET_ARN] = value if isinstance(value, str) else json.dumps(value)

    def own_login(self, user):
        """How the Data API logs a user in: good for all sessions that begin at the same time."""
        with self.lock:
            if user not in self.own_logins:
                self.own_logins[user] = secrets.token_urlsafe(24)
                self.keep(user, self.own_logins[user])
            return user, self.own_logins[user]

    def new_login(self, user):
        password = secrets.token_urlsafe(24) + "/@: '"
        with self.lock:
            self.own_logins.pop(user, None)  # a role has one password
            self.keep(user, password)
        end = datetime.datetime.now(datetime.timezone.utc)
        return user, password, end + datetime.timedelta(seconds=self.lifetime_s)

    # --- the operations ----------------------------------------------------------------------

    def cluster(self, operation, given):
        groups = {name for name in given if name.startswith("DbGroups.DbGroup.")}
        check_members(operation, given.keys() - groups - {"Action", "Version"})
        if given.get("Version") != "2012-12-01":
            raise Fault("InvalidParameterValue", "Version")
        if given.get("ClusterIdentifier") != CLUSTER:
            raise Fault("ClusterNotFound", "Cluster not found.", 404)
        named = operation == "GetClusterCredentials"
        user, password, end = self.new_login("IAM:" + given["DbUser"] if named else self.identity)
        return (
            f'<{operation}Response xmlns="http://redshift.amazonaws.com/doc/2012-12-01/">'
            f"<{operation}Result><DbUser>{escape(user)}</DbUser>"
            f"<DbPassword>{escape(password)}</DbPassword>"
            f"<Expiration>{end:%Y-%m-%dT%H:%M:%S.000Z}</Expiration></{operation}Result>"
            f"</{operation}Response>"
        )

    def serverless(self, operation, given):
        check_members(operation, given)
        if given.get("workgroupName") != WORKGROUP:
            raise Fault("ResourceNotFoundException", "The workgroup was not found.")
        user, password, end = self.new_login(self.identity)
        return {"dbUser": user, "dbPassword": password, "expiration": end.timestamp()}

    def secret(self, operation, given):
        check_members(operation, given)
        if given["SecretId"] not in self.secrets:
            raise Fault(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
            )
        return {"ARN": given["SecretId"], "SecretString": self.secrets[given["SecretId"]]}

    def answer(self, headers, body):
        """The content type and the text of the answer."""
        if "x-amz-target" not in headers:
            given = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            check_signature(headers, body, "redshift", self.keys)
            self.meet(given["Action"])
            return "text/xml", self.cluster(given["Action"], given)
        prefix, operation = headers["x-amz-target"].split(".")
        service = TARGETS[prefix]
        check_signature(headers, body, service, self.keys)
        self.meet(operation)
        given = json.loads(body)
        number = len(self.calls)
        call = {
            "redshift-serverless": self.serverless, "secretsmanager": self.secret,
            "redshift-data": self.data.call,
        }[service]  # fmt: skip
        answer = json.dumps(call(operation, given))
        if self.lose is not None and self.lose(number):
            self.lost += 1
            raise Fault("", status=0)
        return "application/x-amz-json-1.1", answer

    def meet(self, operation):
        with self.lock:
            self.calls.append(operation)
            fault = self.faults.pop(0) if self.faults else None
            if fault is None and self.troubles is not None:
                fault = self.troubles(len(self.calls))
        if self.before is not None:
            self.before(operation)
        if fault is not None:
            raise fault


def check_members(operation, given):
    unknown = set(given) - MEMBERS[operation]
    if unknown:
        raise Fault("ValidationException", f"{operation} has no member {sorted(unknown)}")


class Handler(http.server.BaseHTTPRequestHandler):
    services = None
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body are one write

    def log_message(self, *words):
        pass

    def do_POST(self):  # the name is that of the library
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            kind, text = self.services.answer(headers, body)
            status = 200
        except Fault as fault:
            status = fault.status
            if status == 0:  # the connection breaks
                self.close_connection = True
                return
            kind, text = fault.text("x-amz-target" not in headers)
        data = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
