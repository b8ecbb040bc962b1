#include "backup/detail/steps.h"

#include "core/text.h"
#include "storage/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

namespace muster {
namespace {

constexpr auto kLeasePoll = std::chrono::milliseconds(50);

}  // namespace

std::string backup_lease(const TableName& table) { return "backup of " + table.str(); }

Result<std::unique_ptr<LeaseHolder>> acquire_when_free(const BackupContext& context,
                                                       const TableName& table,
                                                       const RunId& owner,
                                                       CancelToken& lost) {
    for (;;) {
        auto lease = LeaseHolder::acquire(context.warehouse, backup_lease(table), owner, lost);
        if (lease.ok() || lease.error().code != ErrorCode::kBusy) {
            return lease;
        }
        MUSTER_TRY(check_cancelled(context));
        std::this_thread::sleep_for(kLeasePoll);
    }
}

std::vector<RunId> dead_runs(const LeaseHolder& lease) {
    return lease.left_by() ? std::vector{*lease.left_by()} : std::vector<RunId>{};
}

void report(const BackupObserver& observer,
            const std::string& table,
            std::string_view stage,
            std::uint64_t rows,
            std::uint64_t rows_total) {
    if (observer) {
        observer({table, std::string(stage), rows, rows_total});
    }
}

Result<void> check_cancelled(const BackupContext& context) {
    if (context.cancel != nullptr && context.cancel->cancelled()) {
        return Error{ErrorCode::kCancelled, "stopped on request", "", ""};
    }
    return {};
}

void end_record(RunRecord& record, const Error* failure, const Clock& clock) {
    record.status = "succeeded";
    if (failure != nullptr) {
        record.status = failure->code == ErrorCode::kCancelled ? "cancelled" : "failed";
        record.error = failure->message;
    }
    record.finished_at_us = clock.now_us();
}

ObjectKey file_key(const BackupName& name, std::string_view file) {
    return ObjectKey(name.prefix() + std::string(file));
}

Result<ParquetFiles> parquet_files(const BackupContext& context,
                                   const BackupName& name,
                                   const BackupManifest& manifest) {
    ParquetFiles files;
    for (const BackupFile& file : manifest.files) {
        if (file.format == BackupFormat::kParquet) {
            MUSTER_ASSIGN(auto copy, context.store.path_for_read(file_key(name, file.name)));
            files.paths.push_back(copy.path);
            files.copies.push_back(std::move(copy));
        }
    }
    return files;
}

Result<std::vector<std::unique_ptr<ObjectReader>>> avro_readers(const BackupContext& context,
                                                                const BackupName& name,
                                                                const BackupManifest& manifest) {
    std::vector<std::unique_ptr<ObjectReader>> readers;
    for (const BackupFile& file : manifest.files) {
        if (file.format == BackupFormat::kAvro) {
            MUSTER_ASSIGN(auto reader, context.store.open(file_key(name, file.name)));
            readers.push_back(std::move(reader));
        }
    }
    return readers;
}

std::vector<ObjectReader*> pointers(const std::vector<std::unique_ptr<ObjectReader>>& readers) {
    std::vector<ObjectReader*> out;
    out.reserve(readers.size());
    for (const auto& reader : readers) {
        out.push_back(reader.get());
    }
    return out;
}

Result<void> check_files(const BackupContext& context,
                         const BackupName& name,
                         const BackupManifest& manifest,
                         std::vector<std::string>& problems) {
    MUSTER_ASSIGN(const auto objects, context.store.list_below(name.prefix()));
    std::map<std::string, std::uint64_t> found;
    for (const ObjectInfo& object : objects) {
        found.emplace(object.key.str().substr(name.prefix().size()), object.bytes);
    }
    found.erase(std::string(kManifestName));
    for (const BackupFormat format : {BackupFormat::kParquet, BackupFormat::kAvro}) {
        std::uint64_t rows = 0;
        for (const BackupFile& file : manifest.files) {
            rows += file.format == format ? file.rows : 0;
        }
        if (manifest.has(format) && rows != manifest.content.rows) {
            problems.push_back(fmt::format("{} says that its {} files hold {} rows, but {} in all",
                                           kManifestName,
                                           backup_format_name(format),
                                           rows,
                                           manifest.content.rows));
        }
    }
    for (const BackupFile& file : manifest.files) {
        MUSTER_TRY(check_cancelled(context));
        const auto at = found.find(file.name);
        if (at == found.end()) {
            problems.push_back(fmt::format("{} is missing", file.name));
            continue;
        }
        const std::uint64_t bytes = at->second;
        found.erase(at);
        if (bytes != file.bytes) {
            problems.push_back(
                fmt::format("{} has {} bytes, {} were saved", file.name, bytes, file.bytes));
            continue;
        }
        MUSTER_ASSIGN(auto reader, context.store.open(file_key(name, file.name)));
        MUSTER_ASSIGN(const auto digest, sha256_hex(*reader));
        if (digest != file.sha256) {
            problems.push_back(fmt::format("{} is not what was saved: its SHA-256 is {}, not {}",
                                           file.name,
                                           digest,
                                           file.sha256));
        }
    }
    for (const auto& [extra, bytes] : found) {
        problems.push_back(fmt::format("{} does not belong to the backup", printable(extra)));
    }
    return {};
}

}  // namespace muster
