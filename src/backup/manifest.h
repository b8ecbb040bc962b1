// What a backup says of itself: manifest.json. It is written last, and only if absent: a backup
// without one is not there. It holds a digest of itself and of each file, and the content checksum
// of the rows. That proves accidents, not tampering. Plain values.
#pragma once

#include "archive/archive_table.h"
#include "archive/content_checksum.h"
#include "core/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr std::size_t kManifestBytesMax = 4U << 20;

enum class BackupFormat { kParquet, kAvro };

std::string_view backup_format_name(BackupFormat format);  // "parquet", "avro"

struct BackupFile {
    std::string name;  // "data-0000.parquet"
    BackupFormat format = BackupFormat::kParquet;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::string sha256;  // 64 hexadecimal digits
};

struct BackupManifest {
    std::string name;
    std::string reason = "backup";  // backup | safety: of a table that a restore replaced
    ArchiveTable table;
    std::vector<std::string> key;
    std::string schema_fingerprint;
    FileContent content;
    std::string first_key;  // canonical text of the first key column; "" if there is no row
    std::string last_key;
    std::int64_t table_version = 0;
    std::string last_run;  // that published into the table last; "" if none is on record
    std::string run_id;    // that made the backup
    std::string created_at;
    std::string program;  // "muster 0.1.0"
    std::vector<BackupFile> files;

    bool has(BackupFormat format) const;
    std::uint64_t bytes() const;  // of all files
};

std::string backup_files_json(std::span<const BackupFile> files);

// The file's text: one JSON object, its last member the SHA-256 of all that stands before it.
std::string manifest_json(const BackupManifest& manifest);

// kVerification with what is wrong: not this form, another version of it, or a digest that differs.
Result<BackupManifest> parse_manifest(std::string_view text);

}  // namespace muster
