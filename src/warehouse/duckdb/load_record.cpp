// What a load leaves in the ledger: rejects by identity, and the versions of its objects.
#include "warehouse/duckdb/load_job.h"
#include "warehouse/duckdb/sql.h"

namespace muster {

namespace {

// A reject seen again keeps its first run and what was decided about it; `gone` is open again.
constexpr const char* kMergeRejects =
    "CREATE TEMP TABLE seen AS SELECT id, min(position) AS position FROM load_rejects GROUP BY id;"
    "CREATE TEMP TABLE known AS SELECT r.id, r.run_id, r.state, r.state_note FROM muster.rejects r"
    " SEMI JOIN seen USING (id);"
    "DELETE FROM muster.rejects WHERE id IN (SELECT id FROM known);";
constexpr const char* kInsertRejects =
    "INSERT INTO muster.rejects (id, run_id, last_seen_run, table_name, object, line, \"offset\","
    " length, raw, severity, state, state_note, reasons, last_seen_us)"
    " SELECT l.id, coalesce(k.run_id, $1), $1, $2, l.object, l.line,"
    " l.\"offset\", l.length, l.raw, l.severity,"
    " CASE WHEN k.state IN ('replayed', 'waived') THEN k.state ELSE 'open' END,"
    " CASE WHEN k.state IN ('replayed', 'waived') THEN k.state_note ELSE '' END, l.reasons, $3"
    " FROM load_rejects l JOIN seen s ON s.id = l.id AND s.position = l.position"
    " LEFT JOIN known k ON k.id = l.id";
constexpr const char* kMarkGone =
    "UPDATE muster.rejects SET state = 'gone', state_note = 'not seen by run ' || $1"
    " WHERE table_name = $2 AND state = 'open' AND last_seen_run <> $1"
    " AND object IN (SELECT object FROM loaded_objects)";
constexpr const char* kStoreObjects =
    "DELETE FROM muster.objects o USING loaded_objects l"
    " WHERE o.table_name = l.table_name AND o.object = l.object;"
    "INSERT INTO muster.objects SELECT * FROM loaded_objects";
constexpr const char* kReplayRefused =
    "CREATE TEMP TABLE refused_again AS SELECT m.id, min(l.reasons) AS reasons FROM load_rejects l"
    " JOIN replay_map m ON m.\"offset\" = l.\"offset\" WHERE l.severity = 'error' GROUP BY m.id";
constexpr const char* kReplayKeepOpen =
    "UPDATE muster.rejects SET state = 'open', state_note = '', reasons = a.reasons,"
    " last_seen_run = $1, last_seen_us = $2 FROM refused_again a WHERE a.id = muster.rejects.id";
constexpr const char* kReplayDone =
    "UPDATE muster.rejects SET state = 'replayed', state_note = 'replayed by run ' || $1"
    " WHERE id IN (SELECT id FROM replay_map) AND id NOT IN (SELECT id FROM refused_again)";

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

Result<void> LoadJob::store_rejects(std::int64_t now_us, bool mark_gone) {
    const std::string_view run = request_.run.str();
    MUSTER_ASSIGN(const auto found, connection_.scalar("SELECT count(*) FROM load_rejects"));
    if (found > 0) {
        MUSTER_TRY(connection_.execute(kMergeRejects));
        MUSTER_ASSIGN(
            auto stored,
            connection_.change(kInsertRejects, run, std::string_view(table_.name.str()), now_us));
        static_cast<void>(stored);
    }
    if (!mark_gone) {
        return {};
    }
    MUSTER_ASSIGN(auto gone,
                  connection_.change(kMarkGone, run, std::string_view(table_.name.str())));
    static_cast<void>(gone);
    return {};
}

Result<void> LoadJob::store_replay(std::int64_t now_us) {
    MUSTER_TRY(connection_.execute("CREATE TEMP TABLE replay_map (\"offset\" BIGINT, id VARCHAR)"));
    {
        MUSTER_ASSIGN(auto map, Appender::open(connection_, nullptr, "replay_map"));
        for (const auto& [offset, id] : request_.replay_of) {
            MUSTER_TRY(map.add(signed_of(offset)).add(std::string_view(id.str())).end_row());
        }
        MUSTER_TRY(map.close());
    }
    MUSTER_TRY(connection_.execute(kReplayRefused));
    const std::string_view run = request_.run.str();
    MUSTER_ASSIGN(auto kept, connection_.change(kReplayKeepOpen, run, now_us));
    MUSTER_ASSIGN(auto done, connection_.change(kReplayDone, run));
    static_cast<void>(kept + done);
    return {};
}

// Through a table aside, so that many objects are one statement: DuckDB keeps pages of its own for
// each INSERT of a transaction.
Result<void> LoadJob::list_objects(std::int64_t now_us) {
    MUSTER_TRY(connection_.execute(
        "CREATE TEMP TABLE loaded_objects AS SELECT * FROM muster.objects WHERE false"));
    MUSTER_ASSIGN(auto rows, Appender::open(connection_, nullptr, "loaded_objects"));
    for (std::size_t i = 0; i < request_.objects.size(); ++i) {
        if (request_.objects[i].scan.problem_code) {
            continue;
        }
        const ObjectVersion version = object_version(i, now_us);
        MUSTER_TRY(rows.add(std::string_view(version.table))
                       .add(std::string_view(version.object))
                       .add(std::string_view(version.run_id))
                       .add(signed_of(version.bytes))
                       .add(version.mtime_ns)
                       .add(version.ctime_ns)
                       .add(signed_of(version.inode))
                       .add(std::string_view(version.etag))
                       .add(std::string_view(version.content_hash))
                       .add(std::string_view(version.rule_fingerprint))
                       .add(std::string_view(version.schema_fingerprint))
                       .add(version.counts.read)
                       .add(version.counts.inserted)
                       .add(version.counts.updated)
                       .add(version.counts.unchanged)
                       .add(version.counts.deduplicated)
                       .add(version.counts.rejected)
                       .add(version.counts.blank_lines)
                       .add(version.loaded_at_us)
                       .end_row());
    }
    return rows.close();
}

Result<TableOutcome> LoadJob::record(std::int64_t now_us) {
    if (replay()) {
        MUSTER_TRY(store_replay(now_us));
    } else {
        MUSTER_TRY(list_objects(now_us));
        MUSTER_TRY(store_rejects(now_us, true));
        MUSTER_TRY(connection_.execute(kStoreObjects));
    }
    return outcome();
}

Result<TableOutcome> LoadJob::record_refused(std::int64_t now_us, const std::string& error) {
    if (!replay()) {
        MUSTER_TRY(store_rejects(now_us, false));
    }
    return refused_outcome(error);
}

}  // namespace muster
