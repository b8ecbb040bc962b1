// Which backups there are, and which of them go.
#include "backup/detail/steps.h"
#include "core/text.h"
#include "warehouse/lease_holder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace muster {
namespace {

// The manifest of a name that was parsed, and whether it is one of that backup.
Result<BackupManifest> read_manifest(const BackupContext& context, const BackupName& name) {
    auto text = read_object(context.store, file_key(name, kManifestName), kManifestBytesMax);
    if (!text.ok()) {
        Error error = std::move(text).error();
        if (error.code == ErrorCode::kNotFound) {
            error.message = fmt::format("there is no backup '{}'", name.str());
            error.hint = "'muster backup list' shows them";
        }
        return error;
    }
    MUSTER_ASSIGN(auto manifest, parse_manifest(*text));
    if (manifest.name != name.str() || manifest.table.name != name.table) {
        return Error{ErrorCode::kVerification,
                     fmt::format("the manifest in {} is that of backup '{}'",
                                 name.prefix(),
                                 printable(manifest.name)),
                     "restore from another backup",
                     ""};
    }
    return manifest;
}

// "a/b/manifest.json" -> the name, if the key is of that form and the name fits the folder.
std::optional<BackupName> name_of(const std::string& key) {
    const std::string tail = "/" + std::string(kManifestName);
    const std::size_t slash = key.find('/');
    if (!key.ends_with(tail) || slash + 1 >= key.size() - tail.size()) {
        return std::nullopt;
    }
    const auto name = parse_backup_name(
        std::string_view(key).substr(slash + 1, key.size() - tail.size() - slash - 1));
    if (!name.ok() || name->table != key.substr(0, slash)) {
        return std::nullopt;
    }
    return *name;
}

// The digits of the time, for comparing: to the microsecond where the manifest says it.
std::string made_at(const BackupEntry& entry) {
    std::string out;
    for (const char c : entry.manifest ? entry.manifest->created_at
                                       : entry.name.stamp.substr(0, entry.name.stamp.find('Z'))) {
        if (c >= '0' && c <= '9') {
            out += c;
        }
    }
    return out;
}

// Takes the manifest away first: from then on the backup is not there.
Result<void> remove_backup(const BackupContext& context, const BackupName& name) {
    MUSTER_TRY(context.store.remove(file_key(name, kManifestName)));
    return context.store.remove_below(name.prefix());
}

}  // namespace

Result<std::vector<BackupEntry>> list_backups(const BackupContext& context,
                                              const std::string& table) {
    MUSTER_ASSIGN(const auto objects, context.store.list_below(table.empty() ? "" : table + "/"));
    std::vector<BackupEntry> entries;
    for (const ObjectInfo& object : objects) {
        const auto name = name_of(object.key.str());
        if (!name) {
            continue;
        }
        BackupEntry entry{.name = *name, .manifest = std::nullopt, .problem = ""};
        auto manifest = read_manifest(context, *name);
        if (manifest.ok()) {
            entry.manifest = std::move(*manifest);
        } else if (manifest.error().code == ErrorCode::kVerification) {
            entry.problem = manifest.error().message;
        } else if (manifest.error().code == ErrorCode::kNotFound) {
            continue;  // it was removed since the folder was read
        } else {
            return std::move(manifest).error();
        }
        entries.push_back(std::move(entry));
    }
    std::sort(entries.begin(), entries.end(), [](const BackupEntry& a, const BackupEntry& b) {
        const std::string when_a = made_at(a);
        const std::string when_b = made_at(b);
        return when_a != when_b ? when_a > when_b : a.name.str() < b.name.str();
    });
    return entries;
}

Result<BackupManifest> find_backup(const BackupContext& context, const std::string& name) {
    MUSTER_ASSIGN(const BackupName parsed, parse_backup_name(name));
    return read_manifest(context, parsed);
}

Result<std::vector<std::string>> expire_backups(const BackupContext& context,
                                                const std::string& table,
                                                const ExpirePolicy& policy) {
    MUSTER_ASSIGN(const auto entries, list_backups(context, table));
    std::map<std::string, std::size_t> seen;  // whole backups of each table so far, newest first
    std::vector<std::string> expired;
    for (const BackupEntry& entry : entries) {
        if (!entry.manifest) {
            continue;
        }
        const std::size_t newer = seen[entry.name.table]++;
        const bool beyond_count = newer >= std::max<std::size_t>(policy.keep, 1);
        const bool beyond_age =
            !policy.older_than_us ||
            entry.manifest->created_at <
                format_timestamp_us(context.clock.now_us() - *policy.older_than_us);
        const bool any_rule = policy.keep > 0 || policy.older_than_us.has_value();
        if (!any_rule || !beyond_count || !beyond_age) {
            continue;
        }
        if (!policy.dry_run) {
            MUSTER_TRY(remove_backup(context, entry.name));
        }
        expired.push_back(entry.name.str());
    }
    return expired;
}

}  // namespace muster
