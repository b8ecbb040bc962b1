// A group of requests around the rows that the table refuses by rules of its own (refusals.h).
#include "warehouse/postgres/rows_job.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace muster {

Result<std::vector<RowWriteResult>> PgRowsJob::run_without(const Refused& refused) {
    check_deferred_ = true;
    for (const auto& [place, reason] : refused) {
        group_.set_refused(place, reason);
    }
    return run();
}

Reason PgRowsJob::reason_of(RefusedItem refused) const {
    Reason reason{RejectCode::kDestinationRejected, -1, "", std::move(refused.message)};
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        if (table_.columns[i].name == refused.column) {
            reason.column = static_cast<int>(i);
        }
    }
    return reason;
}

Result<PgRowsJob::Refused> PgRowsJob::find_refused() {
    std::unordered_map<const Row*, std::size_t> places;
    for (std::size_t i = 0; i < group_.rows().size(); ++i) {
        places[group_.rows()[i]] = i;
    }
    // In the order of the requests: of two rows that exclude each other the first stays.
    std::vector<RowsGroup::Change> changes = group_.changes();
    std::sort(changes.begin(), changes.end(), [&places](const auto& left, const auto& right) {
        return places[left.row] < places[right.row];
    });
    const auto write = [&](std::int64_t begin, std::int64_t end) -> Result<void> {
        const auto from = static_cast<std::size_t>(begin);
        const auto count = static_cast<std::size_t>(end - begin);
        MUSTER_TRY(store_changes(std::span(changes).subspan(from, count)));
        return connection_.execute(kCheckDeferred);
    };
    const auto count = static_cast<std::int64_t>(changes.size());
    MUSTER_ASSIGN(auto found, write_but_refused(connection_, count, changes.size(), write));
    Refused refused;
    for (RefusedItem& item : found) {
        const Row* row = changes[static_cast<std::size_t>(item.item)].row;
        refused.emplace(places[row], reason_of(std::move(item)));
    }
    return refused;
}

}  // namespace muster
