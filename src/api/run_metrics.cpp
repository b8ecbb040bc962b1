#include "api/run_metrics.h"

#include <utility>

namespace muster {

void count_run(Metrics& metrics, const Clock& clock, const RunReport& report) {
    metrics.add("muster_runs_total", {{"status", report.run.status}});
    metrics.add("muster_run_seconds_total", {}, report.seconds);
    if (report.run.status == "succeeded") {
        metrics.set(
            "muster_run_last_success_time_seconds", {}, static_cast<double>(clock.now_us()) * 1e-6);
    }
    for (const TableOutcome& table : report.run.tables) {
        const LoadCounts& counts = table.counts;
        const std::pair<const char*, std::int64_t> outcomes[] = {
            {"inserted", counts.inserted},
            {"updated", counts.updated},
            {"unchanged", counts.unchanged},
            {"deduplicated", counts.deduplicated},
            {"rejected", counts.rejected},
        };
        for (const auto& [name, count] : outcomes) {
            metrics.add("muster_rows_total",
                        {{"table", table.table}, {"outcome", name}},
                        static_cast<double>(count));
        }
        for (const auto& [code, count] : table.rejects_by_code) {
            metrics.add("muster_rejects_total", {{"code", code}}, static_cast<double>(count));
        }
    }
}

}  // namespace muster
