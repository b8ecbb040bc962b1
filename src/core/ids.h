// Strong names, so that a table cannot be passed where a run is meant.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace muster {

class Clock;

template <typename Tag>
struct StrongId {
    std::string text;

    StrongId() = default;
    explicit StrongId(std::string value) : text(std::move(value)) {}
    const std::string& str() const { return text; }
    bool empty() const { return text.empty(); }
    auto operator<=>(const StrongId&) const = default;
};

using TableName = StrongId<struct TableNameTag>;
using ReportName = StrongId<struct ReportNameTag>;
using RunId = StrongId<struct RunIdTag>;
using ObjectKey = StrongId<struct ObjectKeyTag>;  // relative to its store, '/' between parts
using RejectId = StrongId<struct RejectIdTag>;    // 32 hexadecimal digits

// A new run id: UTC time and 32 random bits, sortable by time: 20261124T181937Z-7f3a09bc.
RunId new_run_id(const Clock& clock);

}  // namespace muster
