"""The extended protocol: the messages up to a Sync or a Flush."""

import struct

from redshift import wire
from redshift.rules import PARAMETER_TYPES, PARAMETERS_MAX, check_place, too_many_parameters
from redshift.tokens import STATEMENT_BYTES_MAX, Refused, statements, too_large

SPECIAL = ("COPY", "UNLOAD")


def cut_text(body, at=0):
    end = body.index(b"\0", at)
    return body[at:end].decode(), end + 1


def parse_body(name, sql, types):
    return wire.text(name, sql) + struct.pack(f"!H{len(types)}I", len(types), *types)


class Batch:
    def __init__(self, session):
        self.session = session
        self.messages = []
        self.prepared, self.portals = {}, {}
        self.skipping = False  # after an error in COPY or UNLOAD, up to the next Sync

    def add(self, kind, body):
        self.messages.append((kind, body))

    def names_special(self, kind, body, own):
        """Whether a message is about COPY or UNLOAD. `own` are the names that the batch gives."""
        if kind == b"P":
            name, at = cut_text(body)
            try:
                found = statements(cut_text(body, at)[0])
            except Refused:
                found = []
            own["S" + name] = bool(found) and found[0].keys[0] in SPECIAL
            return own["S" + name]
        if kind == b"B":
            portal, at = cut_text(body)
            name = cut_text(body, at)[0]
            own["P" + portal] = own.get("S" + name, self.is_special(self.prepared.get(name)))
            return own["P" + portal]
        letter, name = ("P", cut_text(body)[0]) if kind == b"E" else (
            body[:1].decode(), cut_text(body, 1)[0],
        )  # fmt: skip
        known = self.portals if letter == "P" else self.prepared
        return own.get(letter + name, self.is_special(known.get(name)))

    @staticmethod
    def is_special(statement):
        return statement is not None and statement.keys[0] in SPECIAL

    def flush(self, last):
        messages, self.messages = self.messages, []
        own = {}
        special = [self.names_special(*message, own) for message in messages]
        if self.skipping or any(special):
            self.session.drain()
            self.run_special(messages, last, all(special))
            return
        out = [self.translated(*message) for message in messages]
        self.session.backend.send(b"".join(out) + wire.message(last))
        if last == b"S":
            self.session.pending += 1

    # --- COPY and UNLOAD -------------------------------------------------------------------------

    def run_special(self, messages, last, pure):
        session = self.session
        if not pure and not self.skipping:
            refusal = Refused("the stand-in runs COPY and UNLOAD in no pipeline with others")
            self.fail(refusal)
        for kind, body in messages:
            if not self.skipping:
                session.answer(self.one_special(kind, body))
        if last == b"S":
            self.skipping = False
            session.answer(wire.ready(session.state))

    def fail(self, refusal):
        self.skipping = True
        if self.session.state == "T":
            self.session.ask("standin_refusal")
        self.session.client.send(wire.error(refusal))

    def one_special(self, kind, body):
        if kind == b"P":
            name, at = cut_text(body)
            found = statements(cut_text(body, at)[0])
            if len(found) > 1:
                self.skipping = True
                return wire.error(
                    Refused("cannot insert multiple commands into a prepared statement", "42601")
                )
            self.prepared[name] = found[0]
            return wire.message(b"1")
        if kind == b"B":
            portal, at = cut_text(body)
            name = cut_text(body, at)[0]
            self.portals[portal] = self.prepared[name]
            return wire.message(b"2")
        if kind == b"D":
            head = wire.message(b"t", b"\0\0") if body[:1] == b"S" else b""
            return head + wire.message(b"n")
        if kind == b"C":
            return wire.message(b"3")
        statement = self.portals[cut_text(body)[0]]
        answer = self.session.special(statement, self.session.meet(statement.text))
        self.skipping = answer.startswith(b"E")
        return answer

    # --- the others ------------------------------------------------------------------------------

    def translated(self, kind, body):
        """The message for PostgreSQL."""
        if kind == b"P":
            return wire.message(b"P", self.parse(body))
        if kind == b"B":
            return self.bind(body)
        if kind == b"E":
            return self.execute(body)
        return wire.message(kind, body)

    def refuse(self, refusal):
        return wire.message(b"P", parse_body("", self.session.broken(refusal), []))

    def parse(self, body):
        name, at = cut_text(body)
        sql, at = cut_text(body, at)
        count = struct.unpack_from("!H", body, at)[0]
        types = list(struct.unpack_from(f"!{count}I", body, at + 2))
        self.prepared[name] = None
        try:
            for kind in types:
                if kind not in PARAMETER_TYPES:
                    words = f"a parameter of type {kind}"
                    raise Refused(words, "42704", "Redshift has no such type")
            found = statements(sql)
        except Refused as refusal:
            return parse_body(name, self.session.broken(refusal), [])
        if len(found) == 1:
            self.prepared[name] = found[0]
            return parse_body(name, self.session.admitted(found[0]), types)
        return parse_body(name, sql, types)

    def bind(self, body):
        portal, at = cut_text(body)
        name, at = cut_text(body, at)
        self.portals[portal] = self.prepared.get(name)
        formats = struct.unpack_from("!H", body, at)[0]
        if struct.unpack_from("!H", body, at + 2 + 2 * formats)[0] > PARAMETERS_MAX:
            return self.refuse(too_many_parameters())
        if len(body) > STATEMENT_BYTES_MAX:
            return self.refuse(too_large())
        return wire.message(b"B", body)

    def execute(self, body):
        statement = self.portals.get(cut_text(body)[0])
        session = self.session
        if statement is None:
            return wire.message(b"E", body)
        failure = session.meet(statement.text)
        if failure:
            return self.refuse(failure)
        try:
            # A prepared statement may run where it could not have been prepared.
            check_place(statement, session.in_block)
        except Refused as refusal:
            return self.refuse(refusal)
        session.before_commit(statement)
        session.follow(statement)
        return wire.message(b"E", body)
