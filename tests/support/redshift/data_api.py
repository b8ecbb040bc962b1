"""The Redshift Data API of the stand-in: statements run, one after the other in a session, on a
connection to the stand-in, so that its rules hold for them too."""

import datetime
import json
import threading
import time
import uuid
from xml.sax.saxutils import escape

import psycopg
from redshift.tokens import Refused, statements

STATEMENT_BYTES_MAX = 100_000
BATCH_MAX = 40
PAGE_ROWS = 100
WAIT_S_MAX = 30
LOGIN = {"ClusterIdentifier", "WorkgroupName", "Database", "SecretArn", "DbUser"}
COMMON = LOGIN | {
    "ClientToken", "SessionId", "SessionKeepAliveSeconds", "StatementName", "WithEvent",
    "ResultFormat", "WaitTimeSeconds", "Parameters",
}  # fmt: skip
MEMBERS = {
    "ExecuteStatement": COMMON | {"Sql"},
    "BatchExecuteStatement": COMMON | {"Sqls", "ExecutionMode"},
    "DescribeStatement": {"Id", "WaitTimeSeconds"},
    "GetStatementResult": {"Id", "NextToken", "WaitTimeSeconds"},
    "CancelStatement": {"Id"},
}
ENDED = {"FINISHED", "FAILED", "ABORTED"}
LONG, DOUBLE, BOOLEAN = {20, 21, 23, 26}, {700, 701}, {16}
NAMES = {
    16: "bool", 20: "int8", 21: "int2", 23: "int4", 25: "text", 26: "oid", 700: "float4",
    701: "float8", 1042: "bpchar", 1043: "varchar", 1082: "date", 1114: "timestamp",
    1184: "timestamptz", 1700: "numeric",
}  # fmt: skip


class Fault(Exception):
    """An answer that is no success; status 0 breaks the connection instead."""

    def __init__(self, code, message="", status=400):
        super().__init__(code)
        self.code, self.message, self.status = code, message, status

    def text(self, xml):
        if xml:
            return "text/xml", (
                f"<ErrorResponse><Error><Code>{self.code}</Code>"
                f"<Message>{escape(self.message)}</Message></Error></ErrorResponse>"
            )
        body = {"__type": f"com.amazonaws#{self.code}", "Message": self.message}
        return "application/x-amz-json-1.1", json.dumps(body)


def in_words(failure):
    """An error of the database as the service reports it."""
    diagnostic = failure.diag
    if diagnostic.sqlstate is None or failure.sqlstate in ("57P01", "57P02"):
        return str(failure).strip()  # of the connection
    if isinstance(failure, psycopg.errors.QueryCanceled):
        return "ERROR: Query (4711) cancelled on user's request"
    words = "ERROR: " + (diagnostic.message_primary or str(failure).strip())
    if diagnostic.message_detail:
        words += "\n  Detail: " + diagnostic.message_detail
    return words + " [ErrorId: 1-6900aaaa-0123456789abcdef01234567]"


def with_numbers(text, parameters):
    """The statement with $1 .. instead of :names, and the values in that order."""
    values, numbers, out = [], {}, ""
    given = {one["name"]: one["value"] for one in parameters}
    if any(value == "" for value in given.values()):
        raise Fault("ValidationException", "a parameter's value has a length of at least 1")
    quote, at = None, 0
    while at < len(text):
        char = text[at]
        if quote or char in "'\"":
            quote = (None if char == quote else quote) if quote else char
        elif char == ":" and text[at : at + 2] == "::":
            out, at = out + "::", at + 2
            continue
        elif char == ":":
            end = at + 1
            while end < len(text) and (text[end].isalnum() or text[end] == "_"):
                end += 1
            name = text[at + 1 : end]
            if name not in given:
                raise Fault("ValidationException", f"Parameters list does not contain :{name}")
            if name not in numbers:
                values.append(given[name])
                numbers[name] = len(values)
            out, at = out + f"${numbers[name]}", end
            continue
        out, at = out + char, at + 1
    if given.keys() != numbers.keys():
        raise Fault("ValidationException", "a parameter is not used by the statement")
    return out, values


class Statement:
    def __init__(self, texts, batch, mode):
        self.id = str(uuid.uuid4())
        self.texts, self.batch, self.mode = texts, batch, mode
        self.status, self.error = "SUBMITTED", ""
        self.rows, self.result, self.columns = -1, None, []
        self.stopping, self.hidden = False, False
        self.ended = threading.Event()


class Session:
    """A connection of its own; used by one statement at a time."""

    def __init__(self, api, url, keep_s):
        self.id = str(uuid.uuid4())
        self.api, self.url, self.keep_s = api, url, keep_s
        self.connection = None
        self.busy = False
        self.used_at = time.monotonic()

    def expired(self):
        return not self.busy and time.monotonic() - self.used_at > self.keep_s

    def close(self):
        if self.connection is not None:
            self.connection.close()

    def run(self, statement):
        try:
            statement.status = "STARTED"
            if statement.stopping:
                raise Fault("", "ERROR: Query (4711) cancelled on user's request")
            if self.connection is None:
                self.connection = psycopg.connect(
                    self.url, autocommit=True, cursor_factory=psycopg.RawCursor,
                    prepare_threshold=None,
                )
            self.execute(statement)
            statement.status = "FINISHED"
        except psycopg.Error as failure:
            statement.error = in_words(failure)
            statement.status = "ABORTED" if statement.stopping else "FAILED"
        except Fault as fault:
            statement.error, statement.status = fault.message, "ABORTED"
        finally:
            self.used_at, self.busy = time.monotonic(), False
            if self.keep_s == 0 or (self.connection is not None and self.connection.closed):
                self.api.forget(self)
            statement.ended.set()

    def execute(self, statement):
        whole = statement.batch and statement.mode == "TRANSACTION"
        texts = [("BEGIN", []), *statement.texts, ("COMMIT", [])] if whole else statement.texts
        try:
            for text, values in texts:
                cursor = self.connection.execute(text, values or None)
                if not whole or text not in ("BEGIN", "COMMIT"):
                    self.keep(statement, cursor)
        except psycopg.Error:
            if whole and not self.connection.closed:
                self.connection.execute("ROLLBACK")
            raise

    @staticmethod
    def keep(statement, cursor):
        statement.rows = cursor.rowcount
        statement.result = None
        if cursor.description is None:
            return
        raw = cursor.pgresult
        statement.columns = [
            {
                "name": column.name, "label": column.name,
                "typeName": NAMES.get(column.type_code, "unknown"),
                "precision": column.precision or 0, "scale": column.scale or 0,
            }
            for column in cursor.description
        ]  # fmt: skip
        kinds = [column.type_code for column in cursor.description]
        statement.result = [
            [field(raw.get_value(row, at), kind) for at, kind in enumerate(kinds)]
            for row in range(raw.ntuples)
        ]


def field(value, kind):
    if value is None:
        return {"isNull": True}
    text = value.decode()
    if kind in LONG:
        return {"longValue": int(text)}
    if kind in DOUBLE:
        return {"doubleValue": float(text)}
    if kind in BOOLEAN:
        return {"booleanValue": text == "t"}
    return {"stringValue": text}


class DataApi:
    def __init__(self, services):
        self.services = services
        self.lock = threading.Lock()
        self.statements, self.sessions, self.tokens = {}, {}, {}
        self.waits = True  # whether WaitTimeSeconds is heeded; None: it is refused
        self.delay = None  # of a statement's text: seconds before it begins
        self.submitted = []  # the texts
        self.hide_once = None  # of a statement's text: whether nobody learns what became of it

    def stop(self):
        with self.lock:
            sessions, self.sessions = list(self.sessions.values()), {}
        for session in sessions:
            session.close()

    def expire_all(self):
        """As if all sessions had been idle for as long as they are kept."""
        self.stop()

    def forget(self, session):
        with self.lock:
            self.sessions.pop(session.id, None)
        session.close()

    def call(self, operation, given):
        if operation not in MEMBERS:
            raise Fault("UnknownOperationException", operation)
        unknown = set(given) - MEMBERS[operation]
        if unknown:
            raise Fault("ValidationException", f"{operation} has no member {sorted(unknown)}")
        return {
            "ExecuteStatement": self.submit, "BatchExecuteStatement": self.submit,
            "DescribeStatement": self.describe, "GetStatementResult": self.result,
            "CancelStatement": self.cancel,
        }[operation](given)  # fmt: skip

    def submit(self, given):
        with self.lock:
            known = self.tokens.get(given.get("ClientToken"))
        if known is not None:
            return known
        batch = "Sqls" in given
        sqls = given["Sqls"] if batch else [given["Sql"]]
        if not 1 <= len(sqls) <= BATCH_MAX:
            raise Fault("ValidationException", "Sqls: 1 to 40 statements")
        texts = []
        for text in sqls:
            if len(text.encode()) > STATEMENT_BYTES_MAX:
                raise Fault("ValidationException", "Cannot exceed maximum size of 100 KB")
            text, values = with_numbers(text, given.get("Parameters", []))
            try:
                if len(statements(text)) != 1:
                    raise Fault("ValidationException", "Multiple statements are not allowed")
            except Refused:
                pass  # the database will say so
            texts.append((text, values))
        statement = Statement(texts, batch, given.get("ExecutionMode", "TRANSACTION"))
        session = self.session(given)
        answer = {"Id": statement.id, "CreatedAt": time.time(), "SessionId": session.id}
        with self.lock:
            self.statements[statement.id] = (statement, session)
            self.tokens[given.get("ClientToken") or statement.id] = answer
        self.submitted += sqls
        hide = self.hide_once
        if hide is not None and hide(sqls[0]):
            self.hide_once, statement.hidden = None, True
        threading.Thread(target=self.run, args=(session, statement), daemon=True).start()
        return answer

    def run(self, session, statement):
        if self.delay is not None:
            statement.ended.wait(self.delay(statement.texts[0][0]))
        session.run(statement)

    def session(self, given):
        keep_s = given.get("SessionKeepAliveSeconds", 0)
        place = LOGIN & set(given)
        if "SessionId" in given:
            if place:
                raise Fault("ValidationException", f"{sorted(place)} cannot go with SessionId")
            with self.lock:
                session = self.sessions.get(given["SessionId"])
            if session is not None and session.expired():
                self.forget(session)
                session = None
            if session is None:
                raise Fault("ValidationException", "Session is not available.")
            with self.lock:
                if session.busy:
                    raise Fault("ValidationException", "Session is in use.")
                session.busy, session.keep_s = True, keep_s
            return session
        session = Session(self, self.login(given), keep_s)
        session.busy = True
        with self.lock:
            self.sessions[session.id] = session
        return session

    def login(self, given):
        """The URL of the connection: the service logs in by itself."""
        services, standin = self.services, self.services.standin
        if ("ClusterIdentifier" in given) == ("WorkgroupName" in given):
            raise Fault("ValidationException", "exactly one of cluster and workgroup is needed")
        from redshift.services import CLUSTER, WORKGROUP

        if given.get("ClusterIdentifier", CLUSTER) != CLUSTER or (
            given.get("WorkgroupName", WORKGROUP) != WORKGROUP
        ):
            raise Fault("ResourceNotFoundException", "Cluster or workgroup not found.")
        if "SecretArn" in given:
            value = services.secrets.get(given["SecretArn"])
            if value is None:
                raise Fault("ValidationException", "The secret was not found.")
            value = json.loads(value)
            user, password = value["username"], value["password"]
        else:
            name = given.get("DbUser")
            user, password = services.own_login("IAM:" + name if name else services.identity)
        return psycopg.conninfo.make_conninfo(
            standin.url(given["Database"]), user=user, password=password
        )

    def find(self, given):
        with self.lock:
            found = self.statements.get(given["Id"])
        if found is None or found[0].hidden:
            raise Fault("ResourceNotFoundException", f"Query {given['Id']} does not exist.")
        return found

    def describe(self, given):
        statement, session = self.find(given)
        wait_s = given.get("WaitTimeSeconds", 0)
        if wait_s and not 1 <= wait_s <= WAIT_S_MAX:
            raise Fault("ValidationException", "WaitTimeSeconds")
        if self.waits is None and wait_s:
            raise Fault("ActiveWaitingRequestsExceededException", "too many wait")
        if self.waits and wait_s:
            statement.ended.wait(wait_s)
        ended = statement.ended.is_set()
        return {
            "Id": statement.id, "Status": statement.status if ended else "STARTED",
            "HasResultSet": ended and statement.result is not None,
            "ResultRows": statement.rows if ended else -1, "SessionId": session.id,
            "UpdatedAt": datetime.datetime.now().timestamp(),
        } | ({"Error": statement.error} if ended and statement.error else {})  # fmt: skip

    def result(self, given):
        statement, _ = self.find(given)
        if statement.status != "FINISHED" or statement.result is None:
            raise Fault("ResourceNotFoundException", "Query does not have result.")
        first = int(given.get("NextToken", "0"))
        rows = statement.result[first : first + PAGE_ROWS]
        answer = {
            "ColumnMetadata": statement.columns, "Records": rows,
            "TotalNumRows": len(statement.result),
        }  # fmt: skip
        if first + PAGE_ROWS < len(statement.result):
            answer["NextToken"] = str(first + PAGE_ROWS)
        return answer

    def cancel(self, given):
        statement, session = self.find(given)
        if statement.ended.is_set():
            raise Fault("ValidationException", "Could not cancel a query that is already finished")
        statement.stopping = True
        if session.connection is not None:
            session.connection.cancel()
        return {"Status": True}
