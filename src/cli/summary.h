// What a run, a replay or a validation did, for people and as the summary line of JSON Lines.
#pragma once

#include "cli/console.h"
#include "engine/scan_object.h"
#include "pipeline/pipeline.h"
#include "warehouse/ledger.h"

#include <cstdint>
#include <string>
#include <vector>

namespace muster {

// The first rejects of each code, at most kRejectExamplesPerCode for one.
class ExampleCollector {
  public:
    void add(const RejectEntry& reject);
    const std::vector<RejectEntry>& examples() const { return examples_; }

  private:
    std::map<std::string, std::size_t> seen_;
    std::vector<RejectEntry> examples_;
};

// "object:line: column: message"
std::string reason_line(const RejectEntry& reject, const ReasonText& reason);

// One row per table with its counts.
void print_outcomes(Console& console, const std::vector<TableOutcome>& tables);
// Rejects by code with examples and the command that shows the rest. Nothing without rejects.
void print_rejects(Console& console,
                   const std::vector<TableOutcome>& tables,
                   const std::vector<RejectEntry>& examples,
                   const std::string& command_for_rest);

// Records refused with severity `error`.
std::int64_t rejected_records(const std::vector<TableOutcome>& tables);

}  // namespace muster
