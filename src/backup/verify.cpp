// Whether a backup is what its manifest says: its files to the byte, their rows by checksum.
#include "backup/detail/steps.h"
#include "engine/table_files.h"

#include <fmt/format.h>

namespace muster {
namespace {

// Compares what files of one format hold with what was saved.
Result<void> check_content(const BackupManifest& manifest,
                           std::string_view format,
                           const Result<FileContent>& found,
                           std::vector<std::string>& problems) {
    if (!found.ok()) {
        if (found.error().code != ErrorCode::kVerification) {
            return found.error();
        }
        problems.push_back(
            fmt::format("the {} files cannot be read: {}", format, found.error().message));
        return {};
    }
    if (!(*found == manifest.content)) {
        problems.push_back(
            fmt::format("the {} files hold {} rows with checksum {}, but {} rows"
                        " with checksum {} were saved",
                        format,
                        found->rows,
                        checksum_text(found->checksum),
                        manifest.content.rows,
                        checksum_text(manifest.content.checksum)));
    }
    return {};
}

}  // namespace

Result<VerifyReport> verify_backup(const BackupContext& context,
                                   const std::string& name,
                                   const BackupObserver& observer) {
    VerifyReport report_out;
    report_out.name = name;
    MUSTER_ASSIGN(const BackupName parsed, parse_backup_name(name));
    auto manifest = find_backup(context, name);
    if (!manifest.ok()) {
        if (manifest.error().code != ErrorCode::kVerification) {
            return std::move(manifest).error();
        }
        report_out.problems.push_back(manifest.error().message);
        return report_out;
    }
    report_out.rows = manifest->content.rows;
    report_out.bytes = manifest->bytes();
    report(observer, manifest->table.name, "verify", 0, manifest->content.rows);
    MUSTER_TRY(check_files(context, parsed, *manifest, report_out.problems));
    if (!report_out.problems.empty()) {
        return report_out;  // what does not hold what was saved is not worth decoding
    }
    MUSTER_ASSIGN(const auto files, parquet_files(context, parsed, *manifest));
    MUSTER_TRY(
        check_content(*manifest,
                      "Parquet",
                      parquet_content(context.engine, manifest->table, files.paths, context.cancel),
                      report_out.problems));
    if (manifest->has(BackupFormat::kAvro)) {
        MUSTER_ASSIGN(const auto readers, avro_readers(context, parsed, *manifest));
        const auto open = pointers(readers);
        MUSTER_TRY(
            check_content(*manifest,
                          "Avro",
                          avro_content(context.engine, manifest->table, open, context.cancel),
                          report_out.problems));
    }
    return report_out;
}

}  // namespace muster
