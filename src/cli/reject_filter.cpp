#include "cli/reject_filter.h"

#include "cli/select.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace muster {
namespace {

constexpr std::size_t kIdBytesMin = 4;

std::vector<std::string> all_codes() {
    std::vector<std::string> codes;
    for (std::size_t i = 0; i < kRejectCodeCount; ++i) {
        codes.emplace_back(reject_code_text(static_cast<RejectCode>(i)));
    }
    return codes;
}

}  // namespace

std::vector<OptionSpec> reject_filter_options(bool with_limit) {
    std::vector<OptionSpec> options = {
        {"table", 0, "TABLE", "only of this table"},
        {"code", 0, "CODE", "only with this reason, value.missing"},
        {"state", 0, "STATE", "open if not given", "", "open|replayed|waived|gone|any"},
        {"severity", 0, "SEVERITY", "error if not given", "", "error|notice|any"},
        {"run", 0, "RUN", "only of this run"},
    };
    if (with_limit) {
        options.push_back({"limit", 0, "N", "how many at most, or `all`"});
    }
    return options;
}

Result<RejectFilter> reject_filter(const VerbContext& context) {
    const Arguments& arguments = context.arguments;
    RejectFilter filter;
    filter.limit = -1;
    if (const auto name = arguments.value("table")) {
        MUSTER_ASSIGN(const Table* table, select_table(*context.catalog, *name));
        filter.table = table->name.str();
    }
    if (const auto code = arguments.value("code")) {
        const auto codes = all_codes();
        if (std::find(codes.begin(), codes.end(), *code) == codes.end()) {
            return Error{
                ErrorCode::kUsage,
                fmt::format(
                    "option --code: there is no code '{}'{}", *code, did_you_mean(*code, codes))};
        }
        filter.code = *code;
    }
    filter.state = arguments.value_or("state", "open");
    filter.severity = arguments.value_or("severity", "error");
    for (std::string* word : {&filter.state, &filter.severity}) {
        if (*word == "any") {
            word->clear();
        }
    }
    filter.run_id = arguments.value_or("run", "");
    if (const auto limit = arguments.value("limit"); limit && *limit != "all") {
        const char* end = limit->data() + limit->size();
        const auto [rest, status] = std::from_chars(limit->data(), end, filter.limit);
        if (status != std::errc{} || rest != end || filter.limit < 1) {
            return Error{ErrorCode::kUsage,
                         fmt::format("option --limit: '{}' is neither a number nor all", *limit)};
        }
    }
    return filter;
}

Result<RejectEntry> find_reject(Warehouse& warehouse, const std::string& id_prefix) {
    if (id_prefix.size() < kIdBytesMin) {
        return Error{ErrorCode::kUsage,
                     fmt::format("'{}' is too short for the id of a reject", id_prefix),
                     "`muster rejects list` shows the ids"};
    }
    RejectFilter filter;
    filter.state.clear();
    filter.severity.clear();
    filter.id_prefix = id_prefix;
    filter.limit = 2;
    std::vector<RejectEntry> found;
    MUSTER_TRY(warehouse.rejects(filter, [&found](const RejectEntry& reject) -> Result<void> {
        found.push_back(reject);
        return {};
    }));
    if (found.empty()) {
        return Error{ErrorCode::kNotFound,
                     fmt::format("there is no reject '{}'", id_prefix),
                     "`muster rejects list --state any` shows the ids"};
    }
    if (found.size() > 1) {
        return Error{
            ErrorCode::kUsage,
            fmt::format("several rejects begin with '{}'", id_prefix),
            fmt::format("use more of the id: {} or {}", found[0].id.str(), found[1].id.str())};
    }
    return std::move(found[0]);
}

}  // namespace muster
