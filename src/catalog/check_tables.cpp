#include "catalog/detail/paths.h"
#include "catalog/detail/readers.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace muster {
namespace {

std::size_t index_of(const std::vector<ReadTable>& tables, std::string_view name) {
    const auto found = std::find_if(tables.begin(), tables.end(), [&](const ReadTable& t) {
        return t.table.name.str() == name;
    });
    return static_cast<std::size_t>(found - tables.begin());
}

void check_path(const ReadTable& read, std::vector<std::string>& taken, Problems& problems) {
    const Table& table = read.table;
    const Node* node = read.node->find("path");
    const Place place = place_of_key(*read.node, node != nullptr ? "path" : "name");
    if (node != nullptr && !valid_path_segment(table.path)) {
        problems.add(place,
                     fmt::format("'path' is '{}'; use lower-case letters, digits, '_' and '-', "
                                 "without a slash",
                                 table.path));
    } else if (reserved_path_segment(table.path)) {
        problems.add(place,
                     fmt::format("the REST path '{}' is reserved; give the table another 'path'",
                                 table.path));
    } else {
        check_unique(taken, table.path, "REST path", place, problems);
    }
}

void check_glob(const ReadTable& read, std::vector<std::string>& taken, Problems& problems) {
    const Node* node = read.node->find("files");
    if (node == nullptr) {
        return;
    }
    const std::string& glob = node->text;
    if (glob.empty() || glob.front() == '/' || glob.find("..") != std::string::npos) {
        problems.add(node->place,
                     fmt::format("'files' is '{}'; write a pattern relative to the source, for "
                                 "example \"orders*.csv*\"",
                                 glob));
    }
    if (std::find(taken.begin(), taken.end(), glob) != taken.end()) {
        problems.add(
            node->place,
            fmt::format("another table has the same 'files' ('{}'): each object belongs to "
                        "one table; change one pattern",
                        glob));
    }
    taken.push_back(glob);
}

void check_reference(const std::vector<ReadTable>& tables,
                     const ReadTable& read,
                     std::size_t reference_index,
                     Problems& problems) {
    const Reference& reference = read.table.references[reference_index];
    const Place place = place_of_key(*read.reference_nodes[reference_index], "table");
    const std::size_t target_index = index_of(tables, reference.table.str());
    if (reference.table == read.table.name) {
        problems.add(
            place,
            fmt::format("the table '{}' refers to itself; a reference must lead to another "
                        "table",
                        reference.table.str()));
        return;
    }
    if (target_index == tables.size()) {
        std::vector<std::string> names;
        names.reserve(tables.size());
        for (const ReadTable& other : tables) {
            names.push_back(other.table.name.str());
        }
        problems.add(place,
                     fmt::format("there is no table '{}' to refer to{}",
                                 reference.table.str(),
                                 did_you_mean(reference.table.str(), names)));
        return;
    }
    const ReadTable& target = tables[target_index];
    const std::vector<std::string>& key = target.table.key;
    if (key.size() > 1) {
        problems.add(place,
                     fmt::format("the key of '{}' has {} columns; a reference needs a key of one",
                                 reference.table.str(),
                                 key.size()));
        return;
    }
    const Column* column = read.table.find_column(reference.column);
    const Column* target_column = key.empty() ? nullptr : target.table.find_column(key.front());
    if (column == nullptr || target_column == nullptr ||
        !read.typed[read.table.column_index(reference.column)] ||
        !target.typed[target.table.column_index(key.front())]) {
        return;
    }
    if (column->type != target_column->type) {
        problems.add(place,
                     fmt::format("'{}' is {}, but the key '{}' of '{}' is {}; give both the same "
                                 "type",
                                 reference.column,
                                 type_text(column->type),
                                 target_column->name,
                                 reference.table.str(),
                                 type_text(target_column->type)));
    }
}

// Finds circles of references by walking them depth first; a table that is met again while its own
// walk is under way closes one.
class CycleFinder {
  public:
    CycleFinder(const std::vector<ReadTable>& tables, Problems& problems)
        : tables_(tables), problems_(problems), state_(tables.size(), State::kNew) {}

    void run() {
        for (std::size_t i = 0; i < tables_.size(); ++i) {
            visit(i);
        }
    }

  private:
    enum class State { kNew, kOpen, kDone };

    void visit(std::size_t index) {
        if (state_[index] != State::kNew) {
            return;
        }
        state_[index] = State::kOpen;
        walk_.push_back(index);
        const ReadTable& read = tables_[index];
        for (std::size_t i = 0; i < read.table.references.size(); ++i) {
            const std::size_t target = index_of(tables_, read.table.references[i].table.str());
            if (target == tables_.size() || target == index) {
                continue;
            }
            if (state_[target] == State::kOpen) {
                report(target, place_of_key(*read.reference_nodes[i], "table"));
            } else {
                visit(target);
            }
        }
        walk_.pop_back();
        state_[index] = State::kDone;
    }

    void report(std::size_t first, Place place) {
        std::string circle;
        for (auto at = std::find(walk_.begin(), walk_.end(), first); at != walk_.end(); ++at) {
            circle += tables_[*at].table.name.str() + " -> ";
        }
        problems_.add(place,
                      fmt::format("the references go round in a circle: {}{}; remove one of them",
                                  circle,
                                  tables_[first].table.name.str()));
    }

    const std::vector<ReadTable>& tables_;
    Problems& problems_;
    std::vector<State> state_;
    std::vector<std::size_t> walk_;
};

}  // namespace

bool valid_path_segment(std::string_view text) {
    return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

bool reserved_path_segment(std::string_view text) {
    // The fixed paths of the REST API (http-api.md).
    static constexpr std::array<std::string_view, 17> kReserved = {"register",
                                                                   "login",
                                                                   "refresh",
                                                                   "logout",
                                                                   "reports",
                                                                   "runs",
                                                                   "rejects",
                                                                   "backups",
                                                                   "healthz",
                                                                   "livez",
                                                                   "readyz",
                                                                   "metrics",
                                                                   "version",
                                                                   "control",
                                                                   "assets",
                                                                   "openapi",
                                                                   "swagger-ui"};
    return std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end();
}

void check_tables(std::vector<ReadTable>& tables, Problems& problems) {
    std::vector<std::string> names;
    std::vector<std::string> paths;
    std::vector<std::string> globs;
    for (const ReadTable& read : tables) {
        const Place place = place_of_key(*read.node, "name");
        const std::size_t known = names.size();
        check_unique(names, read.table.name.str(), "table", place, problems);
        const bool path_follows_double_name =
            names.size() == known && read.node->find("path") == nullptr;
        if (!path_follows_double_name) {
            check_path(read, paths, problems);
        }
        check_glob(read, globs, problems);
        for (std::size_t i = 0; i < read.table.references.size(); ++i) {
            check_reference(tables, read, i, problems);
        }
    }
    CycleFinder{tables, problems}.run();
}

}  // namespace muster
