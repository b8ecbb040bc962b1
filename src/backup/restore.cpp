// Restoring a table:
//   1. every file is what the manifest says, to the byte
//   2. a table is built aside from the Parquet or the Avro files; its checksum must be the saved
//   one
//   3. references are checked in both directions, then the table is swapped in under the write gate
//   4. the table that was replaced is saved (the safety backup), then dropped
// A process that dies before 3 leaves the table as it was, after it the restored one; what is left
// of 2 and 4 is ended by finish_restores.
#include "backup/detail/steps.h"
#include "warehouse/lease_holder.h"

#include <fmt/format.h>

namespace muster {
namespace {

Error not_whole(const BackupManifest& manifest, const std::vector<std::string>& problems) {
    std::string text = fmt::format("backup {} does not verify:", manifest.name);
    for (const std::string& problem : problems) {
        text += "\n  " + problem;
    }
    return {ErrorCode::kVerification, text, "restore from another backup", ""};
}

// The safety backup of a replaced table; then the table goes.
Result<std::string> save_replaced(const BackupContext& context,
                                  const Table& table,
                                  const AsideTable& replaced,
                                  const BackupObserver& observer) {
    const RunId run(replaced.run_id);
    CancelToken lost{context.cancel};
    MUSTER_ASSIGN(auto lease, acquire_when_free(context, table.name, run, lost));
    const BackupContext guarded = context.stopped_by(lost);
    std::vector<RunId> dead = dead_runs(*lease);
    dead.push_back(run);  // whose restore is ended here
    const NewBackup wanted{.name = backup_name(table.name, run),
                           .table = table,
                           .reason = "safety",
                           .run = run,
                           .avro = false,
                           .dead_runs = std::move(dead)};
    const auto there = find_backup(context, wanted.name.str());
    if (!there.ok()) {
        if (there.error().code != ErrorCode::kNotFound) {
            return there.error();
        }
        MUSTER_ASSIGN(const auto made,
                      write_backup(
                          guarded,
                          wanted,
                          [&](const std::filesystem::path& parquet) {
                              return context.warehouse.snapshots().save_replaced(
                                  table, replaced, parquet, &lost);
                          },
                          observer));
        static_cast<void>(made);
    }
    MUSTER_TRY(lease->release());
    MUSTER_TRY(context.warehouse.snapshots().drop(replaced));
    return wanted.name.str();
}

class Restore {
  public:
    Restore(const BackupContext& context,
            const BackupName& name,
            const BackupManifest& manifest,
            const Table& table,
            const RestoreOptions& options,
            const RunId& run,
            const BackupObserver& observer)
        : context_(context),
          name_(name),
          manifest_(manifest),
          table_(table),
          options_(options),
          run_(run),
          observer_(observer) {}

    Result<RestoreReport> execute() {
        RestoreReport out{.backup = manifest_.name,
                          .table = manifest_.table.name,
                          .run_id = run_.str(),
                          .rows = manifest_.content.rows};
        report(observer_, out.table, "verify", 0, out.rows);
        std::vector<std::string> problems;
        MUSTER_TRY(check_files(context_, name_, manifest_, problems));
        if (!problems.empty()) {
            return not_whole(manifest_, problems);
        }
        report(observer_, out.table, "stage", 0, out.rows);
        MUSTER_ASSIGN(const AsideTable staged, stage());
        if (options_.dry_run) {
            auto seen = look(staged, out);
            MUSTER_TRY(context_.warehouse.snapshots().drop(staged));
            MUSTER_TRY(std::move(seen));
            return out;
        }
        MUSTER_TRY(swap(staged, out));
        return out;
    }

  private:
    Result<AsideTable> stage() {
        RestoreFiles files{
            .table = manifest_.table, .key = manifest_.key, .content = manifest_.content};
        std::vector<std::unique_ptr<ObjectReader>> readers;
        ParquetFiles parquet;
        if (options_.from == BackupFormat::kParquet) {
            MUSTER_ASSIGN(parquet, parquet_files(context_, name_, manifest_));
            files.parquet = parquet.paths;
        } else {
            MUSTER_ASSIGN(readers, avro_readers(context_, name_, manifest_));
            files.avro = pointers(readers);
        }
        return context_.warehouse.snapshots().stage(table_, files, run_, context_.cancel);
    }

    Result<void> look(const AsideTable& staged, RestoreReport& out) {
        TableSnapshots& snapshots = context_.warehouse.snapshots();
        MUSTER_ASSIGN(out.changes, snapshots.compare(table_, staged, context_.cancel));
        MUSTER_ASSIGN(
            out.broken,
            snapshots.broken_references(context_.catalog, table_, staged, context_.cancel));
        return {};
    }

    Result<void> swap(const AsideTable& staged, RestoreReport& out) {
        TableSnapshots& snapshots = context_.warehouse.snapshots();
        report(observer_, out.table, "swap");
        auto swapped = snapshots.swap({.catalog = context_.catalog,
                                       .table = table_,
                                       .staged = staged,
                                       .run = run_,
                                       .saved_version = manifest_.table_version,
                                       .force = options_.force,
                                       .reload = options_.reload,
                                       .cancel = context_.cancel});
        if (!swapped.ok()) {
            MUSTER_TRY(snapshots.drop(staged));
            return std::move(swapped).error();
        }
        out.objects_since = std::move(swapped->objects_since);
        out.gate_us = swapped->gate_us;
        out.restored_us = (context_.clock.monotonic_ns() - started_ns_) / 1000;
        report(observer_, out.table, "safety");
        auto safety = save_replaced(context_, table_, swapped->replaced, observer_);
        if (!safety.ok()) {
            Error error = std::move(safety).error();
            error.message =
                "the table is restored, but its old rows could not be saved yet: " + error.message;
            error.hint =
                "they are kept, and saved by the next backup, restore or start of the"
                " server";
            return error;
        }
        out.safety_backup = std::move(*safety);
        return {};
    }

    const BackupContext& context_;
    const BackupName& name_;
    const BackupManifest& manifest_;
    const Table& table_;
    const RestoreOptions& options_;
    const RunId& run_;
    const BackupObserver& observer_;
    const std::int64_t started_ns_ = context_.clock.monotonic_ns();
};

Result<const Table*> table_of(const BackupContext& context, const BackupManifest& manifest) {
    const Table* table = context.catalog.find_table(manifest.table.name);
    if (table == nullptr) {
        return Error{ErrorCode::kConflict,
                     fmt::format("backup {} is of table '{}', which {} does not declare",
                                 manifest.name,
                                 manifest.table.name,
                                 context.catalog.origin),
                     "restore it with the catalog it was made with",
                     ""};
    }
    return table;
}

Result<void> check_format(const BackupManifest& manifest, BackupFormat format) {
    if (manifest.has(format)) {
        return {};
    }
    return Error{
        ErrorCode::kConflict,
        fmt::format("backup {} has no {} files", manifest.name, backup_format_name(format)),
        fmt::format("restore it from {}", backup_format_name(manifest.files.front().format)),
        ""};
}

// With the leases held.
Result<std::vector<std::string>> end_leftovers(const BackupContext& context) {
    std::vector<std::string> saved;
    MUSTER_ASSIGN(const auto asides, context.warehouse.snapshots().asides());
    for (const AsideTable& aside : asides) {
        if (aside.kind == AsideTable::Kind::kStaged) {
            MUSTER_TRY(context.warehouse.snapshots().drop(aside));
            continue;
        }
        const Table* table = context.catalog.find_table(aside.table.str());
        if (table == nullptr) {
            continue;  // kept until a catalog knows its columns again
        }
        MUSTER_ASSIGN(auto name, save_replaced(context, *table, aside, {}));
        saved.push_back(std::move(name));
    }
    return saved;
}

Result<void> finish_record(const BackupContext& context,
                           RunRecord record,
                           const Result<RestoreReport>& done) {
    end_record(record, done.ok() ? nullptr : &done.error(), context.clock);
    if (done.ok()) {
        TableOutcome outcome;
        outcome.table = done->table;
        outcome.status = "restored";
        MUSTER_TRY(context.warehouse.finish_table(RunId(record.run_id), outcome));
    }
    return context.warehouse.finish_run(record);
}

}  // namespace

Result<RestoreReport> restore_backup(const BackupContext& context,
                                     const std::string& name,
                                     const RestoreOptions& options,
                                     const BackupObserver& observer) {
    MUSTER_ASSIGN(const BackupName parsed, parse_backup_name(name));
    MUSTER_ASSIGN(const BackupManifest manifest, find_backup(context, name));
    MUSTER_ASSIGN(const Table* table, table_of(context, manifest));
    MUSTER_TRY(check_format(manifest, options.from));
    const RunId run = options.run_id ? *options.run_id : new_run_id(context.clock);
    CancelToken lost{context.cancel};
    MUSTER_ASSIGN(auto lease,
                  LeaseHolder::acquire(context.warehouse, std::string(kRunLease), run, lost));
    const BackupContext guarded = context.stopped_by(lost);
    MUSTER_TRY(end_leftovers(guarded));
    RunRecord record{.run_id = run.str(),
                     .status = "running",
                     .kind = "restore",
                     .backup = manifest.name,
                     .trigger = options.trigger,
                     .started_at_us = context.clock.now_us()};
    record.tables.push_back({.table = table->name.str()});
    if (!options.dry_run) {
        MUSTER_TRY(context.warehouse.begin_run(record));
    }
    auto done = Restore(guarded, parsed, manifest, *table, options, run, observer).execute();
    const auto recorded = options.dry_run ? Result<void>{} : finish_record(context, record, done);
    const auto released = lease->release();
    if (done.ok()) {
        MUSTER_TRY(recorded);
        MUSTER_TRY(released);
    }
    return done;
}

Result<std::vector<std::string>> finish_restores(const BackupContext& context) {
    MUSTER_TRY(context.warehouse.reconcile());
    MUSTER_ASSIGN(const auto asides, context.warehouse.snapshots().asides());
    if (asides.empty()) {
        return std::vector<std::string>{};
    }
    const RunId run = new_run_id(context.clock);
    CancelToken lost{context.cancel};
    auto lease = LeaseHolder::acquire(context.warehouse, std::string(kRunLease), run, lost);
    if (!lease.ok()) {
        if (lease.error().code == ErrorCode::kBusy) {
            return std::vector<std::string>{};
        }
        return lease.error();
    }
    const BackupContext guarded = context.stopped_by(lost);
    auto ended = end_leftovers(guarded);
    MUSTER_TRY((*lease)->release());
    return ended;
}

}  // namespace muster
