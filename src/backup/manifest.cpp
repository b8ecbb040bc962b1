#include "backup/manifest.h"

#include "core/json_writer.h"
#include "core/text.h"
#include "storage/digest.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <numeric>

namespace muster {
namespace {

namespace dom = simdjson::dom;

constexpr std::int64_t kManifestFormat = 1;
constexpr std::string_view kDigestHead = R"(,"manifest_sha256":")";
constexpr std::string_view kDigestTail = "\"}\n";
constexpr std::size_t kDigestBytes = 64;

Error damaged(std::string_view why) {
    return {ErrorCode::kVerification,
            fmt::format("the manifest of the backup is damaged: {}", why),
            "restore from another backup",
            ""};
}

std::string columns_json(const ArchiveTable& table) {
    JsonArray columns;
    for (const ArchiveColumn& column : table.columns) {
        columns.raw(JsonObject{}
                        .text("name", column.name)
                        .text("type", type_text(column.type))
                        .flag("nullable", column.nullable)
                        .str());
    }
    return columns.str();
}

// Reads members that must be there; the first that is not, or is of another type, is remembered.
class Members {
  public:
    Members(const dom::object& object, std::string& problem) : object_(object), problem_(problem) {}

    std::string text(std::string_view name) { return std::string(get<std::string_view>(name)); }
    std::int64_t number(std::string_view name) { return get<std::int64_t>(name); }
    bool flag(std::string_view name) { return get<bool>(name); }
    dom::array array(std::string_view name) { return get<dom::array>(name); }

  private:
    template <typename T>
    T get(std::string_view name) {
        T value{};
        if (object_.at_key(name).get(value) != simdjson::SUCCESS && problem_.empty()) {
            problem_ = fmt::format("it has no valid member '{}'", name);
        }
        return value;
    }

    const dom::object& object_;
    std::string& problem_;
};

std::vector<dom::object> objects_of(const dom::array& array, std::string& problem) {
    std::vector<dom::object> objects;
    for (const dom::element element : array) {
        dom::object object;
        if (element.get(object) != simdjson::SUCCESS && problem.empty()) {
            problem = "a list holds something else than objects";
        }
        objects.push_back(object);
    }
    return objects;
}

void read_columns(Members& root, BackupManifest& manifest, std::string& problem) {
    for (const dom::object& object : objects_of(root.array("columns"), problem)) {
        Members members(object, problem);
        ArchiveColumn column;
        column.name = members.text("name");
        column.nullable = members.flag("nullable");
        const auto type = parse_type(members.text("type"));
        if (!type && problem.empty()) {
            problem = fmt::format("column '{}' has no known type", printable(column.name));
        }
        column.type = type.value_or(ColumnType{});
        manifest.table.columns.push_back(std::move(column));
    }
}

// "data-0000.parquet": a name from outside never leaves the folder.
bool valid_file_name(std::string_view name, BackupFormat format) {
    constexpr std::string_view kHead = "data-";
    const std::string tail = "." + std::string(backup_format_name(format));
    if (!name.starts_with(kHead) || !name.ends_with(tail)) {
        return false;
    }
    const std::string_view number =
        name.substr(kHead.size(), name.size() - kHead.size() - tail.size());
    return !number.empty() && number.find_first_not_of("0123456789") == number.npos;
}

void read_files(Members& root, BackupManifest& manifest, std::string& problem) {
    for (const dom::object& object : objects_of(root.array("files"), problem)) {
        Members members(object, problem);
        BackupFile file;
        file.name = members.text("name");
        const std::string format = members.text("format");
        file.format = format == "avro" ? BackupFormat::kAvro : BackupFormat::kParquet;
        if (format != backup_format_name(file.format) && problem.empty()) {
            problem = fmt::format("'{}' is no format", printable(format));
        }
        if (!valid_file_name(file.name, file.format) && problem.empty()) {
            problem = fmt::format("'{}' is no name of a data file", printable(file.name));
        }
        file.rows = static_cast<std::uint64_t>(members.number("rows"));
        file.bytes = static_cast<std::uint64_t>(members.number("bytes"));
        file.sha256 = members.text("sha256");
        manifest.files.push_back(std::move(file));
    }
}

void read_key(Members& root, BackupManifest& manifest, std::string& problem) {
    for (const dom::element element : root.array("key")) {
        std::string_view name;
        if (element.get(name) != simdjson::SUCCESS && problem.empty()) {
            problem = "its key is no list of names";
        }
        manifest.key.emplace_back(name);
    }
}

// The text without its digest, closed again.
Result<std::string> without_digest(std::string_view text) {
    const std::size_t tail = kDigestHead.size() + kDigestBytes + kDigestTail.size();
    if (text.size() <= tail || !text.ends_with(kDigestTail)) {
        return damaged("it does not end with its digest");
    }
    const std::string_view body = text.substr(0, text.size() - tail);
    const std::string_view rest = text.substr(body.size());
    if (!rest.starts_with(kDigestHead)) {
        return damaged("it does not end with its digest");
    }
    if (sha256_hex(body) != rest.substr(kDigestHead.size(), kDigestBytes)) {
        return damaged("it is not what its digest says");
    }
    return std::string(body) + "}";
}

}  // namespace

std::string_view backup_format_name(BackupFormat format) {
    switch (format) {
        case BackupFormat::kParquet:
            return "parquet";
        case BackupFormat::kAvro:
            return "avro";
    }
    return "";
}

bool BackupManifest::has(BackupFormat format) const {
    return std::any_of(files.begin(), files.end(), [format](const BackupFile& file) {
        return file.format == format;
    });
}

std::uint64_t BackupManifest::bytes() const {
    return std::accumulate(
        files.begin(),
        files.end(),
        std::uint64_t{0},
        [](std::uint64_t sum, const BackupFile& file) { return sum + file.bytes; });
}

std::string backup_files_json(std::span<const BackupFile> files) {
    JsonArray out;
    for (const BackupFile& file : files) {
        out.raw(JsonObject{}
                    .text("name", file.name)
                    .text("format", backup_format_name(file.format))
                    .number("rows", file.rows)
                    .number("bytes", file.bytes)
                    .text("sha256", file.sha256)
                    .str());
    }
    return out.str();
}

std::string manifest_json(const BackupManifest& manifest) {
    std::string text = JsonObject{}
                           .number("format", kManifestFormat)
                           .text("name", manifest.name)
                           .text("reason", manifest.reason)
                           .text("table", manifest.table.name)
                           .raw("columns", columns_json(manifest.table))
                           .raw("key", json_texts(manifest.key))
                           .text("schema_fingerprint", manifest.schema_fingerprint)
                           .number("rows", manifest.content.rows)
                           .text("content_checksum", checksum_text(manifest.content.checksum))
                           .text("first_key", manifest.first_key)
                           .text("last_key", manifest.last_key)
                           .number("table_version", manifest.table_version)
                           .text("last_run", manifest.last_run)
                           .text("run_id", manifest.run_id)
                           .text("created_at", manifest.created_at)
                           .text("program", manifest.program)
                           .raw("files", backup_files_json(manifest.files))
                           .str();
    text.pop_back();
    const std::string digest = sha256_hex(text);
    text += kDigestHead;
    text += digest;
    text += kDigestTail;
    return text;
}

Result<BackupManifest> parse_manifest(std::string_view text) {
    MUSTER_ASSIGN(const std::string body, without_digest(text));
    dom::parser parser;
    dom::object root_object;
    if (parser.parse(body).get(root_object) != simdjson::SUCCESS) {
        return damaged("it is no JSON object");
    }
    std::string problem;
    Members root(root_object, problem);
    if (const std::int64_t format = root.number("format"); format != kManifestFormat) {
        return Error{ErrorCode::kVerification,
                     fmt::format("the manifest has format {}, this program reads format {}",
                                 format,
                                 kManifestFormat),
                     "use the version of muster that made the backup, or a later one",
                     ""};
    }
    BackupManifest manifest;
    manifest.name = root.text("name");
    manifest.reason = root.text("reason");
    manifest.table.name = root.text("table");
    manifest.schema_fingerprint = root.text("schema_fingerprint");
    manifest.content.rows = static_cast<std::uint64_t>(root.number("rows"));
    manifest.first_key = root.text("first_key");
    manifest.last_key = root.text("last_key");
    manifest.table_version = root.number("table_version");
    manifest.last_run = root.text("last_run");
    manifest.run_id = root.text("run_id");
    manifest.created_at = root.text("created_at");
    manifest.program = root.text("program");
    read_columns(root, manifest, problem);
    read_key(root, manifest, problem);
    read_files(root, manifest, problem);
    if (!manifest.has(BackupFormat::kParquet) && problem.empty()) {
        problem = "it names no Parquet file";
    }
    MUSTER_ASSIGN(manifest.content.checksum, parse_checksum(root.text("content_checksum")));
    if (!problem.empty()) {
        return damaged(problem);
    }
    return manifest;
}

}  // namespace muster
