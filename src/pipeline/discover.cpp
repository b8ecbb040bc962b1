#include "pipeline/detail/discover.h"

#include "core/limits.h"
#include "validate/scan.h"

#include <fmt/core.h>

#include <map>

namespace muster {
namespace {

// A file changed within this time before it was loaded may have changed again without a new time.
constexpr std::int64_t kSettledNs = 2'000'000'000;

bool same_rules(const ObjectVersion& version, const Table& table) {
    return version.rule_fingerprint == rule_fingerprint(table) &&
           version.schema_fingerprint == schema_fingerprint(table);
}

bool same_by_metadata(const ObjectVersion& version, const ObjectInfo& info) {
    if (!info.etag.empty()) {
        return version.etag == info.etag && version.bytes == info.bytes;
    }
    const std::int64_t settled_before_ns = version.loaded_at_us * 1000 - kSettledNs;
    return version.bytes == info.bytes && version.mtime_ns == info.mtime_ns &&
           version.ctime_ns == info.ctime_ns && version.inode == info.inode &&
           info.mtime_ns < settled_before_ns && info.ctime_ns < settled_before_ns;
}

// Reads the object if its size is the recorded one; true if the content is.
bool same_by_content(const RunContext& context,
                     const ObjectVersion& version,
                     const ObjectInfo& info) {
    if (version.bytes != info.bytes) {
        return false;
    }
    auto reader = context.source.open(info.key);
    if (!reader) {
        return false;  // the scan will read it again and report the failure with its place
    }
    const auto hash = content_hash(**reader, context.threads);
    return hash && *hash == version.content_hash;
}

Result<void> compare(const RunContext& context,
                     const Table& table,
                     const ObjectVersion& version,
                     PlannedObject& object) {
    if (!same_rules(version, table)) {
        return {};
    }
    if (same_by_metadata(version, object.info)) {
        object.changed = false;
        object.why_skipped = fmt::format("unchanged since run {}", version.run_id);
        return {};
    }
    if (same_by_content(context, version, object.info)) {
        object.changed = false;
        object.why_skipped = fmt::format("same content as loaded by run {}", version.run_id);
        MUSTER_TRY(context.warehouse.touch_object(table.name, object.info));
    }
    return {};
}

}  // namespace

Result<std::vector<PlannedObject>> discover(const RunContext& context,
                                            const Table& table,
                                            bool force) {
    MUSTER_ASSIGN(const auto found, context.source.list(table.files));
    if (found.size() > kObjectsPerRunMax) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("{}: {} files match '{}', at most {} can be loaded",
                                            table.name.str(),
                                            found.size(),
                                            table.files,
                                            kObjectsPerRunMax),
                     .hint = "merge small files, or move loaded ones away"};
    }
    MUSTER_ASSIGN(const auto versions, context.warehouse.object_versions(table.name));
    std::map<std::string, const ObjectVersion*> version_of;
    for (const ObjectVersion& version : versions) {
        version_of[version.object] = &version;
    }
    std::vector<PlannedObject> planned;
    for (const ObjectInfo& info : found) {
        PlannedObject object{.info = info, .changed = true, .why_skipped = {}};
        const auto version = version_of.find(info.key.str());
        if (!force && version != version_of.end()) {
            MUSTER_TRY(compare(context, table, *version->second, object));
        }
        planned.push_back(std::move(object));
    }
    return planned;
}

}  // namespace muster
