// What a load leaves in the ledger: rejects by identity, and the versions of its objects.
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/redshift/batches.h"
#include "warehouse/redshift/insert_rows.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/load_job.h"
#include "warehouse/redshift/rows_sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

// A column holds 65,535 bytes. Of a record with more reasons than that, which needs some hundred
// columns, the first are kept.
constexpr std::size_t kReasonsBytesMax = 65'000;
constexpr int kReasonsKept = 50;

// The indexes of those that could be read.
std::vector<std::size_t> readable(const std::vector<LoadObject>& objects) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (!objects[i].scan.problem_code) {
            found.push_back(i);
        }
    }
    return found;
}

// A statement that names these objects.
redshift::BatchedStatement naming(const std::vector<LoadObject>& objects,
                                  const std::vector<std::size_t>& named,
                                  PgParams head,
                                  std::function<std::string(std::size_t names)> sql) {
    return {.sql = std::move(sql),
            .head = std::move(head),
            .add = [&objects, &named](std::size_t at, PgParams& params) {
                params.add(objects[named[at]].scan.object);
            }};
}

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }

// A class of the code points that are no characters, for a regular expression: Redshift's COPY has
// refused them in texts.
std::string noncharacters() {
    std::string found = "[\\x{FDD0}-\\x{FDEF}";
    for (int plane = 0; plane <= 16; ++plane) {
        found += fmt::format("\\x{{{0:X}FFFE}}-\\x{{{0:X}FFFF}}", plane);
    }
    return found + "]";
}

}  // namespace

// The first of those with the same id; of a replay, which looks by offset, all.
Result<void> RedshiftLoadJob::copy_rejects() {
    const std::string first =
        replay() ? "" : " QUALIFY row_number() OVER (PARTITION BY id ORDER BY position) = 1";
    MUSTER_ASSIGN(
        auto object,
        put_query(
            "rejects.parquet",
            fmt::format("SELECT id, object, line, \"offset\", length, base64(raw) AS raw, severity,"
                        " regexp_replace(CASE WHEN strlen(reasons) > {} THEN CAST(to_json("
                        "list_slice(from_json(reasons, '[\"JSON\"]'), 1, {})) AS VARCHAR)"
                        " ELSE reasons END, '{}', chr(65533), 'g') AS reasons FROM load_rejects{}",
                        kReasonsBytesMax,
                        kReasonsKept,
                        noncharacters(),
                        first)));
    MUSTER_TRY(redshift_.execute(redshift::kLoadRejectsDrop));
    MUSTER_TRY(redshift_.execute(redshift::kLoadRejectsTable));
    return copy_objects("muster_load_rejects", "rejects.manifest", {std::move(object)});
}

Result<void> RedshiftLoadJob::store_rejects(std::int64_t now_us, bool mark) {
    MUSTER_ASSIGN(const auto found, connection_.scalar("SELECT count(*) FROM load_rejects"));
    if (found > 0) {
        MUSTER_TRY(copy_rejects());
        MUSTER_TRY(redshift_.execute(redshift::kKnownRejectsDrop));
        MUSTER_TRY(redshift_.execute(redshift::kKnownRejects));
        MUSTER_TRY(redshift_.execute(redshift::kKnownRejectsDelete));
        MUSTER_TRY(redshift_.change(
            redshift::kRejectsInsert, request_.run.str(), table_.name.str(), now_us));
    }
    return mark ? mark_gone() : Result<void>();
}

Result<void> RedshiftLoadJob::mark_gone() {
    const std::vector<std::size_t> objects = readable(request_.objects);
    return redshift::run_batches(redshift_,
                                 objects.size(),
                                 naming(request_.objects,
                                        objects,
                                        PgParams().add(request_.run.str()).add(table_.name.str()),
                                        [](std::size_t names) {
                                            return redshift::kRejectsGone +
                                                   redshift::parameter_list(3, names);
                                        }));
}

Result<void> RedshiftLoadJob::store_replay(std::int64_t now_us) {
    MUSTER_TRY(copy_rejects());
    std::vector<std::pair<std::int64_t, std::string>> mended;
    for (const auto& [offset, id] : request_.replay_of) {
        mended.emplace_back(signed_of(offset), id.str());
    }
    MUSTER_TRY(redshift_.execute(redshift::kReplayDrop));
    MUSTER_TRY(redshift_.execute(redshift::kReplayTable));
    MUSTER_TRY(redshift::insert_rows(redshift_,
                                     redshift::replay_target().relation,
                                     redshift::replay_target().types,
                                     mended.size(),
                                     [&mended](std::size_t row, PgParams& params) {
                                         params.add(mended[row].first).add(mended[row].second);
                                     }));
    const std::string& run = request_.run.str();
    MUSTER_TRY(redshift_.change(redshift::kReplayKeepOpen, run, now_us));
    MUSTER_TRY(redshift_.change(redshift::kReplayDone, run));
    return {};
}

Result<void> RedshiftLoadJob::store_objects(std::int64_t now_us) {
    const std::vector<std::size_t> loaded = readable(request_.objects);
    MUSTER_TRY(redshift::run_batches(redshift_,
                                     loaded.size(),
                                     naming(request_.objects,
                                            loaded,
                                            PgParams().add(table_.name.str()),
                                            redshift::delete_objects)));
    const redshift::InsertTarget& target = redshift::objects_target();
    return redshift::insert_rows(redshift_,
                                 target.relation,
                                 target.types,
                                 loaded.size(),
                                 [&](std::size_t row, PgParams& params) {
                                     add_object_version(params,
                                                        object_version(loaded[row], now_us));
                                 });
}

Result<TableOutcome> RedshiftLoadJob::record(std::int64_t now_us) {
    if (replay()) {
        MUSTER_TRY(store_replay(now_us));
    } else {
        MUSTER_TRY(store_rejects(now_us, true));
        MUSTER_TRY(store_objects(now_us));
    }
    return outcome();
}

Result<TableOutcome> RedshiftLoadJob::record_refused(std::int64_t now_us,
                                                     const std::string& error) {
    if (!replay()) {
        MUSTER_TRY(store_rejects(now_us, false));
    }
    return refused_outcome(error);
}

}  // namespace muster
