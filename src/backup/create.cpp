// Making a backup:
//   1. the table is saved as Parquet, with rows and checksum, from one snapshot
//   2. the Parquet is read back from where it lies; that makes the Avro files, and its checksum
//      must be that of the table
//   3. each file is hashed as it is on disk
//   4. the manifest, only if there is none of this name: from then on the backup is there
#include "backup/detail/steps.h"
#include "core/text.h"
#include "engine/table_files.h"
#include "storage/digest.h"
#include "warehouse/lease_holder.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace muster {
namespace {

constexpr std::string_view kParquetName = "data-0000.parquet";

class BackupWriter {
  public:
    BackupWriter(const BackupContext& context,
                 const NewBackup& wanted,
                 const BackupObserver& observer)
        : context_(context), wanted_(wanted), observer_(observer) {}

    Result<BackupManifest> write(const SaveTable& save) {
        MUSTER_TRY(save_parquet(save));
        MUSTER_TRY(check_cancelled(context_));
        MUSTER_TRY(read_back());
        MUSTER_TRY(check_cancelled(context_));
        MUSTER_TRY(hash_files());
        MUSTER_TRY(write_new_object(
            context_.store, file_key(wanted_.name, kManifestName), manifest_json(manifest_)));
        return std::move(manifest_);
    }

  private:
    Result<void> save_parquet(const SaveTable& save) {
        report(observer_, wanted_.table.name.str(), "save");
        const ObjectKey key = file_key(wanted_.name, kParquetName);
        MUSTER_ASSIGN(const auto path, context_.store.path_for_write(key));
        MUSTER_ASSIGN(const SavedTable saved, save(path));
        MUSTER_TRY(context_.store.publish_path(path, key));
        manifest_.name = wanted_.name.str();
        manifest_.reason = wanted_.reason;
        manifest_.table = archive_table(wanted_.table);
        manifest_.key = wanted_.table.key;
        manifest_.schema_fingerprint = schema_fingerprint(wanted_.table);
        manifest_.content = saved.content;
        manifest_.first_key = saved.first_key;
        manifest_.last_key = saved.last_key;
        manifest_.table_version = saved.table_version;
        manifest_.last_run = saved.last_run;
        manifest_.run_id = wanted_.run.str();
        manifest_.created_at = format_timestamp_us(context_.clock.now_us());
        manifest_.program = context_.program;
        manifest_.files.push_back({.name = std::string(kParquetName),
                                   .format = BackupFormat::kParquet,
                                   .rows = saved.content.rows});
        return {};
    }

    // Reads what was written, and writes Avro from it.
    Result<void> read_back() {
        MUSTER_ASSIGN(const auto files, parquet_files(context_, wanted_.name, manifest_));
        FileContent content;
        if (wanted_.avro) {
            MUSTER_ASSIGN(content, write_avro(files.paths));
        } else {
            report(observer_, manifest_.table.name, "verify", 0, manifest_.content.rows);
            MUSTER_ASSIGN(
                content,
                parquet_content(context_.engine, manifest_.table, files.paths, context_.cancel));
        }
        if (!(content == manifest_.content)) {
            return Error{ErrorCode::kVerification,
                         fmt::format("table {}: {} rows with checksum {} were saved, but the file"
                                     " holds {} rows with checksum {}",
                                     manifest_.table.name,
                                     manifest_.content.rows,
                                     checksum_text(manifest_.content.checksum),
                                     content.rows,
                                     checksum_text(content.checksum)),
                         "check the disk; no backup was made",
                         ""};
        }
        return {};
    }

    Result<FileContent> write_avro(const std::vector<std::filesystem::path>& paths) {
        const std::uint64_t total = manifest_.content.rows;
        MUSTER_ASSIGN(
            const auto written,
            parquet_to_avro(
                context_.engine,
                manifest_.table,
                paths,
                AvroOptions{},
                [this](std::size_t index) {
                    return context_.store.create(file_key(wanted_.name, avro_file_name(index)));
                },
                [this, total](std::uint64_t rows) {
                    report(observer_, manifest_.table.name, "avro", rows, total);
                },
                context_.cancel));
        for (std::size_t i = 0; i < written.files.size(); ++i) {
            manifest_.files.push_back({.name = avro_file_name(i),
                                       .format = BackupFormat::kAvro,
                                       .rows = written.files[i].rows});
        }
        return written.content;
    }

    Result<void> hash_files() {
        for (BackupFile& file : manifest_.files) {
            MUSTER_ASSIGN(auto reader, context_.store.open(file_key(wanted_.name, file.name)));
            file.bytes = reader->info().bytes;
            MUSTER_ASSIGN(file.sha256, sha256_hex(*reader));
        }
        return {};
    }

    const BackupContext& context_;
    const NewBackup& wanted_;
    const BackupObserver& observer_;
    BackupManifest manifest_;
};

// No backup takes that long: what is older and has no manifest was left by one that died.
constexpr std::int64_t kLeftoverUs = std::int64_t{24} * 3600 * 1'000'000;

// Folders of this table without a manifest, of runs that are known to be dead or of long ago.
// Others may be of another installation that shares the place and is at work.
Result<void> remove_leftovers(const BackupContext& context, const NewBackup& wanted) {
    const TableName& table = wanted.table.name;
    std::set<std::string> dead;
    for (const RunId& run : wanted.dead_runs) {
        dead.insert(backup_name(table, run).str());
    }
    const std::int64_t long_ago_us = context.clock.now_us() - kLeftoverUs;
    MUSTER_ASSIGN(const auto objects, context.store.list_below(table.str() + "/"));
    std::map<std::string, bool> complete;  // by prefix
    for (const ObjectInfo& object : objects) {
        const std::string& key = object.key.str();
        const std::size_t slash = key.find('/', table.str().size() + 1);
        if (slash == std::string::npos) {
            continue;  // not ours
        }
        bool& has_manifest = complete[key.substr(0, slash + 1)];
        has_manifest = has_manifest || key.substr(slash + 1) == kManifestName;
    }
    for (const auto& [prefix, has_manifest] : complete) {
        const std::size_t begin = table.str().size() + 1;
        const auto name = parse_backup_name(prefix.substr(begin, prefix.size() - 1 - begin));
        if (!has_manifest && name.ok() &&
            (dead.contains(name->str()) || name->older_than(long_ago_us))) {
            MUSTER_TRY(context.store.remove_below(prefix));
        }
    }
    return context.store.remove_empty_below(table.str() + "/");
}

// Names are made of the second and 16 random bits.
Result<void> check_name_free(const BackupContext& context, const BackupName& name) {
    MUSTER_ASSIGN(const auto objects, context.store.list_below(name.prefix()));
    if (objects.empty()) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 "there is a backup " + name.str() + " already",
                 "try again: the next one has another name",
                 ""};
}

// The run of a backup is written down at its end: a manifest says by itself whether it was made.
Result<void> record_run(const BackupContext& context,
                        const BackupOptions& options,
                        const RunId& run,
                        const BackupName& name,
                        std::int64_t started_us,
                        const Result<BackupManifest>& made) {
    RunRecord record{.run_id = run.str(),
                     .status = "running",
                     .kind = "backup",
                     .backup = name.str(),
                     .trigger = options.trigger,
                     .started_at_us = started_us};
    MUSTER_TRY(context.warehouse.begin_run(record));
    end_record(record, made.ok() ? nullptr : &made.error(), context.clock);
    return context.warehouse.finish_run(record);
}

}  // namespace

Result<BackupManifest> write_backup(const BackupContext& context,
                                    const NewBackup& wanted,
                                    const SaveTable& save,
                                    const BackupObserver& observer) {
    MUSTER_TRY(remove_leftovers(context, wanted));
    MUSTER_TRY(check_name_free(context, wanted.name));
    auto made = BackupWriter(context, wanted, observer).write(save);
    if (!made.ok() && made.error().code != ErrorCode::kConflict) {
        if (const auto removed = context.store.remove_below(wanted.name.prefix()); !removed.ok()) {
            Error error = std::move(made).error();
            error.message += "; what was written is left in " + wanted.name.prefix() + " (" +
                             removed.error().message + ")";
            return error;
        }
    }
    return made;
}

Result<BackupManifest> create_backup(const BackupContext& context,
                                     const Table& table,
                                     const BackupOptions& options,
                                     const BackupObserver& observer) {
    const RunId run = options.run_id ? *options.run_id : new_run_id(context.clock);
    const std::int64_t started_us = context.clock.now_us();
    CancelToken lost{context.cancel};
    MUSTER_ASSIGN(auto lease,
                  options.wait ? acquire_when_free(context, table.name, run, lost)
                               : LeaseHolder::acquire(
                                     context.warehouse, backup_lease(table.name), run, lost));
    const BackupContext guarded = context.stopped_by(lost);
    const NewBackup wanted{.name = backup_name(table.name, run),
                           .table = table,
                           .reason = "backup",
                           .run = run,
                           .avro = options.avro,
                           .dead_runs = dead_runs(*lease)};
    auto made = write_backup(
        guarded,
        wanted,
        [&](const std::filesystem::path& parquet) {
            return context.warehouse.snapshots().save(table, parquet, &lost);
        },
        observer);
    const auto recorded = record_run(context, options, run, wanted.name, started_us, made);
    const auto released = lease->release();
    if (made.ok()) {
        MUSTER_TRY(recorded);
        MUSTER_TRY(released);
    }
    return made;
}

}  // namespace muster
