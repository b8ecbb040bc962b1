// What a load leaves in the ledger: rejects by identity, and the versions of its objects.
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/redshift/insert_rows.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/load_job.h"
#include "warehouse/redshift/rows_sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

// By the Data API a statement has 100 KB.
constexpr std::size_t kNamesPerStatementMax = 250;
// A column holds 65,535 bytes. Of a record with more reasons than that, which needs some hundred
// columns, the first are kept.
constexpr std::size_t kReasonsBytesMax = 65'000;
constexpr int kReasonsKept = 50;

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
    std::vector<std::string> objects;
    for (const LoadObject& object : request_.objects) {
        if (!object.scan.problem_code) {
            objects.push_back(object.scan.object);
        }
    }
    for (std::size_t first = 0; first < objects.size(); first += kNamesPerStatementMax) {
        PgParams params;
        params.add(request_.run.str()).add(table_.name.str());
        const std::size_t end = std::min(objects.size(), first + kNamesPerStatementMax);
        for (std::size_t i = first; i < end; ++i) {
            params.add(objects[i]);
        }
        MUSTER_TRY(redshift_.run(redshift::kRejectsGone + redshift::parameter_list(3, end - first),
                                 params));
    }
    return {};
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
    const std::string& table = table_.name.str();
    std::vector<std::size_t> loaded;
    for (std::size_t i = 0; i < request_.objects.size(); ++i) {
        if (!request_.objects[i].scan.problem_code) {
            loaded.push_back(i);
        }
    }
    for (std::size_t first = 0; first < loaded.size(); first += kNamesPerStatementMax) {
        PgParams params;
        params.add(table);
        const std::size_t end = std::min(loaded.size(), first + kNamesPerStatementMax);
        for (std::size_t i = first; i < end; ++i) {
            params.add(request_.objects[loaded[i]].scan.object);
        }
        MUSTER_TRY(redshift_.run(redshift::delete_objects(end - first), params));
    }
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
