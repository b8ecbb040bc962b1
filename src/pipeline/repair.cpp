#include "core/clock.h"
#include "pipeline/detail/repair_file.h"
#include "pipeline/detail/table_task.h"
#include "pipeline/pipeline.h"
#include "warehouse/lease_holder.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace muster {
namespace {

Result<const Table*> table_of_reject(const RunContext& context,
                                     const std::string& file,
                                     const std::string& reject_id) {
    std::string name;
    const RejectFilter filter{.state = "", .severity = "", .id_prefix = reject_id, .limit = 1};
    MUSTER_TRY(context.warehouse.rejects(filter, [&name](const RejectEntry& reject) {
        name = reject.table;
        return Result<void>{};
    }));
    const Table* table = context.catalog.find_table(name);
    if (reject_id.empty() || table == nullptr) {
        return Error{
            .code = ErrorCode::kNotFound,
            .message = fmt::format("{}: no reject '{}' in this warehouse", file, reject_id),
            .hint = "replay a file that `muster rejects export` wrote for this data folder"};
    }
    return table;
}

// What the ledger knows about the reject of a line.
struct KnownReject {
    std::string state;  // "" until it is found
    bool broken_record = false;
    std::vector<std::string> exported;
};

// Which lines of the file can mend something.
struct MendedRecords {
    std::vector<RepairedRecord> records;
    std::int64_t already_replayed = 0;
    std::int64_t untouched = 0;
};

bool is_broken_record(const RejectEntry& reject) {
    return std::any_of(reject.reasons.begin(), reject.reasons.end(), [](const ReasonText& reason) {
        return reason.code.starts_with("record.");
    });
}

Result<std::map<std::string, KnownReject>> known_rejects(
    const RunContext& context, const Table& table, const std::vector<RepairedRecord>& records) {
    std::map<std::string, KnownReject> known;
    for (const RepairedRecord& record : records) {
        known[record.reject_id];
    }
    const RejectFilter filter{.table = table.name.str(), .state = "", .severity = "", .limit = -1};
    MUSTER_TRY(context.warehouse.rejects(filter, [&](const RejectEntry& reject) {
        if (const auto found = known.find(reject.id.str()); found != known.end()) {
            found->second = {.state = reject.state,
                             .broken_record = is_broken_record(reject),
                             .exported = repair_fields(table, reject)};
        }
        return Result<void>{};
    }));
    return known;
}

Result<MendedRecords> records_to_replay(const RunContext& context,
                                        const std::string& file,
                                        const Table& table) {
    MUSTER_ASSIGN(std::vector<RepairedRecord> all, read_repair_file(file, table));
    MUSTER_ASSIGN(const auto known, known_rejects(context, table, all));
    MendedRecords mended;
    for (RepairedRecord& record : all) {
        const KnownReject& reject = known.at(record.reject_id);
        if (reject.state.empty()) {
            return Error{.code = ErrorCode::kUsage,
                         .message = fmt::format("{}:{}: no reject '{}' of table {}",
                                                file,
                                                record.line,
                                                record.reject_id,
                                                table.name.str()),
                         .hint = "leave the _reject_id of each line as it was exported"};
        }
        if (reject.state == "replayed" || reject.state == "waived") {
            ++mended.already_replayed;
        } else if (reject.broken_record && record.fields == reject.exported) {
            // What the export shows of a broken record (cut, with replaced bytes) is not what was
            // received; loading it unseen would change data silently.
            ++mended.untouched;
        } else {
            mended.records.push_back(std::move(record));
        }
    }
    return mended;
}

// Scans the mended records like any object and loads them.
Result<TableTaskResult> load_mended(const RunContext& context,
                                    const Table& table,
                                    const std::vector<RepairedRecord>& records,
                                    const RunId& run,
                                    SerialObserver& observer) {
    MUSTER_ASSIGN(const RepairedSource source, repaired_source(table, records));
    const std::string prefix = fmt::format("{}/replay/{}/", table.name.str(), run.str());
    const ObjectKey key{prefix + "source.csv"};
    MUSTER_TRY(write_object(context.clean, key, source.text));
    MUSTER_ASSIGN(const auto reader, context.clean.open(key));
    ScanJob job{.table = table,
                .source = context.clean,
                .object = reader->info(),
                .ordinal = 0,
                .clean = context.clean,
                .prefix = prefix,
                .progress = {},
                .cancel = context.cancel};
    MUSTER_ASSIGN(const ScanReport scanned, scan_object(context.engine, job));
    if (scanned.problem_code) {
        return Error{.code = ErrorCode::kIo, .message = scanned.problem_message};
    }
    std::vector<LocalCopy> copies;
    MUSTER_ASSIGN(LoadObject object, load_object(context.clean, scanned, reader->info(), copies));
    const std::vector<LoadObject> objects{std::move(object)};
    std::map<std::uint64_t, RejectId> replay_of;
    for (std::size_t i = 0; i < records.size(); ++i) {
        replay_of.emplace(source.offsets[i], RejectId{records[i].reject_id});
    }
    const LoadRequest request{.run = run,
                              .table = table,
                              .objects = objects,
                              .replay_of = std::move(replay_of),
                              .raw_records = raw_record_reader(table, context.clean, objects),
                              .cancel = context.cancel};
    const TableTask task{.context = context, .table = table, .run = run, .observer = observer};
    TableTaskResult result;
    MUSTER_ASSIGN(result.outcome,
                  with_retries(task, [&] { return context.warehouse.load(request); }));
    if (auto limit = limit_error(result.outcome)) {
        return *std::move(limit);
    }
    result.examples = scanned.examples;
    return result;
}

}  // namespace

Result<ReplayReport> replay_rejects(const RunContext& context,
                                    const std::string& file,
                                    RunObserver& observer) {
    MUSTER_ASSIGN(const std::string first, first_reject_id(file));
    MUSTER_ASSIGN(const Table* declared, table_of_reject(context, file, first));
    Table table = *declared;
    table.header = HeaderMode::kAbsent;
    RunRecord run{.run_id = new_run_id(context.clock).str(),
                  .status = "running",
                  .trigger = "replay",
                  .started_at_us = context.clock.now_us()};
    CancelToken stop{context.cancel};
    MUSTER_ASSIGN(
        auto lease,
        LeaseHolder::acquire(context.warehouse, std::string{kRunLease}, RunId{run.run_id}, stop));
    MUSTER_TRY(context.warehouse.reconcile());
    ReplayReport report;
    MUSTER_ASSIGN(const MendedRecords mended, records_to_replay(context, file, table));
    report.already_replayed = mended.already_replayed;
    report.refused = mended.untouched;
    if (mended.records.empty()) {
        report.run.run.status = "succeeded";
        MUSTER_TRY(lease->release());
        return report;
    }
    MUSTER_TRY(context.warehouse.begin_run(run));
    RunContext stoppable = context;
    stoppable.cancel = &stop;
    SerialObserver serial{observer};
    const std::int64_t start_ns = context.clock.monotonic_ns();
    auto loaded = load_mended(stoppable, table, mended.records, RunId{run.run_id}, serial);
    report.run.seconds = static_cast<double>(context.clock.monotonic_ns() - start_ns) * 1e-9;
    if (loaded) {
        run.status = "succeeded";
        report.run.examples = loaded->examples;
        report.refused += loaded->outcome.counts.rejected;
        report.replayed = loaded->outcome.counts.read - loaded->outcome.counts.rejected;
        loaded->outcome.seconds = report.run.seconds;
        MUSTER_TRY(context.warehouse.finish_table(RunId{run.run_id}, loaded->outcome));
        run.tables.push_back(std::move(loaded->outcome));
    } else {
        run.status = "failed";
        run.error = loaded.error().message;
        report.run.error = loaded.error();
    }
    run.finished_at_us = context.clock.now_us();
    MUSTER_TRY(context.warehouse.finish_run(run));
    report.run.run = std::move(run);
    MUSTER_TRY(lease->release());
    return report;
}

Result<std::int64_t> export_rejects_csv(
    const RunContext& context,
    const RejectFilter& filter,
    const std::function<Result<void>(std::string_view)>& write) {
    const Table* table = context.catalog.find_table(filter.table);
    if (table == nullptr) {
        return Error{.code = ErrorCode::kUsage,
                     .message = "a repair file holds the rejects of one table",
                     .hint = "name it with --table"};
    }
    MUSTER_TRY(write(repair_header(*table)));
    std::int64_t records = 0;
    MUSTER_TRY(context.warehouse.rejects(filter, [&](const RejectEntry& reject) -> Result<void> {
        ++records;
        return write(repair_line(*table, reject));
    }));
    return records;
}

}  // namespace muster
