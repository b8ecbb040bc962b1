#include "cli/validate_targets.h"

#include "cli/select.h"
#include "cli/stores.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

namespace muster {
namespace {

namespace fs = std::filesystem;

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Result<const Table*> table_of_file(const Catalog& catalog, const std::string& file) {
    std::vector<const Table*> matches;
    for (const Table& table : catalog.tables) {
        if (glob_match(base_name(table.files), base_name(file))) {
            matches.push_back(&table);
        }
    }
    if (matches.size() == 1) {
        return matches[0];
    }
    if (matches.empty()) {
        return Error{
            ErrorCode::kUsage,
            fmt::format("the name of {} fits the pattern of no table", file),
            fmt::format("say which with --table TABLE; see `files` in {}", catalog.origin)};
    }
    return Error{ErrorCode::kUsage,
                 fmt::format("the name of {} fits the patterns of {} and {}",
                             file,
                             matches[0]->name.str(),
                             matches[1]->name.str()),
                 "say which with --table TABLE"};
}

// The table that --table names, else the one whose pattern fits.
Result<const Table*> table_to_use(VerbContext& context, const std::string& file) {
    if (const auto name = context.arguments.value("table")) {
        return select_table(*context.catalog, *name);
    }
    return table_of_file(*context.catalog, file);
}

// An object by its URL.
Result<ValidateTarget> remote_target(VerbContext& context, const std::string& word) {
    const ObjectLocation where = split_object_url(word);
    if (where.key.empty()) {
        return Error{ErrorCode::kUsage,
                     fmt::format("{} names no object", word),
                     fmt::format("muster validate --source {}", word)};
    }
    ValidateTarget target;
    MUSTER_ASSIGN(target.table, table_to_use(context, where.key.str()));
    MUSTER_ASSIGN(target.store, open_verb_store(context, where.store_url));
    target.key = where.key;
    MUSTER_ASSIGN(const auto reader, target.store->open(target.key));
    target.bytes = reader->info().bytes;
    return target;
}

// A word that no table has as its name.
Result<ValidateTarget> file_target(VerbContext& context, const std::string& word) {
    const fs::path path = context.path(word);
    std::error_code ignored;
    if (!fs::exists(path, ignored) && word.find_first_of("./") == std::string::npos) {
        return Error{ErrorCode::kUsage,
                     fmt::format("'{}' is neither a table nor a file{}",
                                 word,
                                 did_you_mean(word, context.catalog->table_names())),
                     "`muster validate` without arguments looks at all tables"};
    }
    if (fs::is_directory(path, ignored)) {
        return Error{ErrorCode::kUsage,
                     fmt::format("{} is a folder", word),
                     fmt::format("muster validate --source {}", word)};
    }
    ValidateTarget target;
    MUSTER_ASSIGN(target.table, table_to_use(context, word));
    MUSTER_ASSIGN(target.store, open_store(path.parent_path().string()));
    target.key = ObjectKey{path.filename().string()};
    target.bytes = fs::file_size(path, ignored);
    return target;
}

Result<void> add_table(ObjectStore& store,
                       const std::shared_ptr<ObjectStore>& shared,
                       const Table& table,
                       std::vector<ValidateTarget>& targets) {
    MUSTER_ASSIGN(const auto objects, store.list(table.files));
    for (const ObjectInfo& object : objects) {
        targets.push_back({&table, shared, object.key, object.bytes});
    }
    return {};
}

}  // namespace

Result<std::vector<ValidateTarget>> validate_targets(VerbContext& context) {
    std::vector<ValidateTarget> targets;
    std::vector<const Table*> tables;
    if (context.arguments.words.empty()) {
        if (const auto name = context.arguments.value("table")) {
            MUSTER_ASSIGN(const Table* table, select_table(*context.catalog, *name));
            tables.push_back(table);
        } else {
            for (const Table& table : context.catalog->tables) {
                tables.push_back(&table);
            }
        }
    }
    for (const std::string& word : context.arguments.words) {
        if (const Table* table = context.catalog->find_table(word)) {
            tables.push_back(table);
        } else {
            MUSTER_ASSIGN(
                ValidateTarget target,
                is_remote_url(word) ? remote_target(context, word) : file_target(context, word));
            targets.push_back(std::move(target));
        }
    }
    if (!tables.empty()) {
        MUSTER_ASSIGN(std::shared_ptr<ObjectStore> source,
                      open_verb_store(context, context.catalog->source_url));
        for (const Table* table : tables) {
            MUSTER_TRY(add_table(*source, source, *table, targets));
        }
    }
    std::stable_sort(targets.begin(), targets.end(), [](const auto& left, const auto& right) {
        return std::tie(left.key, left.table->name) < std::tie(right.key, right.table->name);
    });
    return targets;
}

}  // namespace muster
