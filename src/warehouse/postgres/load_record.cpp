// What a load leaves in the ledger: rejects by identity, and the versions of its objects.
#include "warehouse/postgres/arrays.h"
#include "warehouse/postgres/chunk_copy.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/postgres/load_job.h"

namespace muster {

// The first of those with the same id; of a replay, which looks by offset, all.
Result<void> PostgresLoadJob::copy_rejects() {
    MUSTER_TRY(postgres_.execute(ledger_sql::kLoadRejectsTable));
    const std::string first =
        replay() ? "" : " QUALIFY row_number() OVER (PARTITION BY id ORDER BY position) = 1";
    MUSTER_ASSIGN(
        const auto copied,
        copy_chunks(connection_,
                    "SELECT id, object, line, \"offset\", length, hex(raw), severity,"
                    " reasons FROM load_rejects" +
                        first,
                    postgres_,
                    "pg_temp.muster_load_rejects (id, object, line, \"offset\", length, raw,"
                    " severity, reasons)",
                    std::vector<int>(8, 0)));
    static_cast<void>(copied);
    return {};
}

Result<void> PostgresLoadJob::store_rejects(std::int64_t now_us, bool mark_gone) {
    const std::string& run = request_.run.str();
    MUSTER_ASSIGN(const auto found, connection_.scalar("SELECT count(*) FROM load_rejects"));
    if (found > 0) {
        MUSTER_TRY(copy_rejects());
        MUSTER_ASSIGN(const auto stored,
                      postgres_.change(ledger_sql::kRejectsMerge, run, table_.name.str(), now_us));
        static_cast<void>(stored);
    }
    if (!mark_gone) {
        return {};
    }
    std::vector<std::string> objects;
    for (const LoadObject& object : request_.objects) {
        if (!object.scan.problem_code) {
            objects.push_back(object.scan.object);
        }
    }
    MUSTER_ASSIGN(const auto gone,
                  postgres_.change(
                      ledger_sql::kRejectsGone, run, table_.name.str(), postgres_array(objects)));
    static_cast<void>(gone);
    return {};
}

Result<void> PostgresLoadJob::store_replay(std::int64_t now_us) {
    MUSTER_TRY(copy_rejects());
    std::vector<std::string> offsets;
    std::vector<std::string> ids;
    for (const auto& [offset, id] : request_.replay_of) {
        offsets.push_back(std::to_string(offset));
        ids.push_back(id.str());
    }
    const std::string& run = request_.run.str();
    MUSTER_ASSIGN(const auto kept,
                  postgres_.change(ledger_sql::kReplayKeepOpen,
                                   run,
                                   now_us,
                                   postgres_array(offsets),
                                   postgres_array(ids)));
    MUSTER_ASSIGN(const auto done,
                  postgres_.change(
                      ledger_sql::kReplayDone, run, postgres_array(offsets), postgres_array(ids)));
    static_cast<void>(kept + done);
    return {};
}

Result<void> PostgresLoadJob::store_objects(std::int64_t now_us) {
    const std::string& table = table_.name.str();
    for (std::size_t i = 0; i < request_.objects.size(); ++i) {
        const LoadObject& object = request_.objects[i];
        if (object.scan.problem_code) {
            continue;
        }
        PgParams params;
        add_object_version(params, object_version(i, now_us));
        MUSTER_ASSIGN(const auto removed,
                      postgres_.change(ledger_sql::kObjectDelete, table, object.scan.object));
        MUSTER_ASSIGN(const auto added, postgres_.run_cached(ledger_sql::kObjectInsert, params));
        static_cast<void>(removed + added.rows_changed());
    }
    return {};
}

Result<TableOutcome> PostgresLoadJob::record(std::int64_t now_us) {
    if (replay()) {
        MUSTER_TRY(store_replay(now_us));
    } else {
        MUSTER_TRY(store_rejects(now_us, true));
        MUSTER_TRY(store_objects(now_us));
    }
    return outcome();
}

Result<TableOutcome> PostgresLoadJob::record_refused(std::int64_t now_us,
                                                     const std::string& error) {
    if (!replay()) {
        MUSTER_TRY(store_rejects(now_us, false));
    }
    return refused_outcome(error);
}

}  // namespace muster
