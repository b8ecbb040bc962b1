#include "warehouse/redshift/staging.h"

#include "core/text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <system_error>

namespace muster::redshift {
namespace {

Error no_manifest(const std::string& why) {
    return Error{ErrorCode::kVerification,
                 "the manifest that UNLOAD wrote cannot be read: " + why,
                 "run the backup again",
                 ""};
}

// When doctor made the folder; nothing for one of others.
std::optional<std::int64_t> doctor_time_us(const std::string& folder) {
    const std::string prefix = std::string(Staging::kRoot) + "doctor-";
    std::int64_t time_us = 0;
    if (!folder.starts_with(prefix)) {
        return std::nullopt;
    }
    std::from_chars(folder.data() + prefix.size(), folder.data() + folder.size(), time_us);
    return time_us;
}

}  // namespace

std::string copy_manifest(const std::vector<StagedObject>& objects) {
    std::string entries;
    for (const StagedObject& object : objects) {
        entries +=
            fmt::format("{}\n{{\"url\":{},\"mandatory\":true,\"meta\":{{\"content_length\":{}}}}}",
                        entries.empty() ? "" : ",",
                        json_quote(object.url),
                        object.bytes);
    }
    return "{\"entries\":[" + entries + "\n]}\n";
}

Result<UnloadedFiles> parse_unload_manifest(const std::string& json) {
    UnloadedFiles files;
    simdjson::dom::parser parser;
    simdjson::dom::array entries;
    if (parser.parse(json)["entries"].get(entries) != simdjson::SUCCESS) {
        return no_manifest("it lists no entries");
    }
    for (const simdjson::dom::element entry : entries) {
        std::string_view url;
        std::int64_t bytes = 0;
        std::int64_t rows = 0;
        if (entry["url"].get(url) != simdjson::SUCCESS ||
            entry["meta"]["content_length"].get(bytes) != simdjson::SUCCESS ||
            entry["meta"]["record_count"].get(rows) != simdjson::SUCCESS) {
            return no_manifest("an entry lacks its url, size or number of rows");
        }
        files.objects.push_back({std::string(url), static_cast<std::uint64_t>(bytes)});
        files.rows += rows;
    }
    return files;
}

Result<void> Staging::check() const {
    if (options_.clean_url.starts_with("s3://")) {
        return {};
    }
    return Error{ErrorCode::kUsage,
                 "Redshift loads from S3 only, and [clean] url is '" + options_.clean_url + "'",
                 "give [clean] url = \"s3://bucket/prefix\", a bucket in the region of the cluster",
                 ""};
}

std::string Staging::url(const std::string& key) const {
    const std::string& root = options_.clean_url;
    return root + (root.ends_with('/') ? "" : "/") + key;
}

Result<ObjectStore*> Staging::store() {
    MUSTER_TRY(check());
    const std::lock_guard lock(mutex_);
    if (!store_) {
        MUSTER_ASSIGN(store_, open_store(options_.clean_url, options_.store));
    }
    return store_.get();
}

Result<StagedObject> Staging::put(const std::string& key, const FileMaker& make) {
    MUSTER_ASSIGN(ObjectStore * objects, store());
    MUSTER_ASSIGN(const auto path, objects->path_for_write(ObjectKey(key)));
    if (auto made = make(path); !made.ok()) {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
        return std::move(made).error();
    }
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(path, failed);
    if (failed) {
        return Error{ErrorCode::kIo,
                     "cannot read " + path.string() + ": " + failed.message(),
                     "see that the disk of data_dir has room",
                     ""};
    }
    MUSTER_TRY(objects->publish_path(path, ObjectKey(key)));
    return StagedObject{url(key), bytes};
}

Result<StagedObject> Staging::put_file(const std::string& key, const std::filesystem::path& file) {
    return put(key, [&file](const std::filesystem::path& to) -> Result<void> {
        std::error_code failed;
        std::filesystem::copy_file(
            file, to, std::filesystem::copy_options::overwrite_existing, failed);
        if (failed) {
            return Error{ErrorCode::kIo,
                         "cannot copy " + file.string() + ": " + failed.message(),
                         "see that the disk of data_dir has room",
                         ""};
        }
        return {};
    });
}

Result<CopyTarget> Staging::put_manifest(const std::string& key,
                                         const std::vector<StagedObject>& objects) {
    MUSTER_ASSIGN(ObjectStore * target, store());
    MUSTER_TRY(write_object(*target, ObjectKey(key), copy_manifest(objects)));
    return CopyTarget{url(key), role()};
}

Result<std::vector<Staging::Folder>> Staging::folders() {
    MUSTER_ASSIGN(ObjectStore * objects, store());
    const std::string root = kRoot;
    MUSTER_ASSIGN(const auto found, objects->list_below(root));
    std::vector<Folder> folders;
    for (const ObjectInfo& info : found) {
        const std::string& key = info.key.str();
        const std::string name = key.substr(0, key.find('/', root.size()) + 1);
        if (!name.empty() && (folders.empty() || folders.back().name != name)) {
            folders.push_back({name, name.starts_with(root + "unload-"), doctor_time_us(name)});
        }
    }
    return folders;
}

Result<void> Staging::clear(const std::string& folder) {
    MUSTER_ASSIGN(ObjectStore * objects, store());
    return objects->remove_below(folder);
}

}  // namespace muster::redshift
