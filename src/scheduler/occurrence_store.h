// Where the scheduler writes down what fired, so that no occurrence fires twice, not after a crash
// either. An occurrence is a job and the instant it was planned for. Instants are microseconds
// since 1970-01-01 UTC. Every write is durable when it returns. Thread-safe.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

struct OccurrenceRecord {
    std::int64_t planned_at_us = 0;
    std::int64_t claimed_at_us = 0;
    std::int64_t finished_at_us = 0;  // 0 = not yet
    // started | succeeded | failed | cancelled | skipped | missed | interrupted
    std::string outcome;
    std::string detail;  // what the job says of it
};

class OccurrenceStore {
  public:
    virtual ~OccurrenceStore() = default;

    // Since when the job has this definition: `now_us` if the job is new or had another one.
    virtual Result<std::int64_t> scheduled_since(std::string_view job,
                                                 std::string_view definition,
                                                 std::int64_t now_us) = 0;
    // Takes an occurrence, with the outcome "started": true for one caller only, ever.
    virtual Result<bool> claim_occurrence(std::string_view job,
                                          std::int64_t planned_at_us,
                                          std::int64_t now_us) = 0;
    // Of one that the caller claimed. After a failure it may be called again.
    virtual Result<void> finish_occurrence(std::string_view job,
                                           std::int64_t planned_at_us,
                                           std::string_view outcome,
                                           std::string_view detail,
                                           std::int64_t now_us) = 0;
    // What the job started and never finished becomes "interrupted" if the process that claimed it
    // is dead: gone without a trace for kLeaseSeconds, where several share the store. How many.
    // Requires: nothing of this job is at work in the calling process.
    virtual Result<std::int64_t> interrupt_occurrences(std::string_view job,
                                                       std::int64_t now_us) = 0;
    // The occurrence planned last, not after `until_us`.
    virtual Result<std::optional<OccurrenceRecord>> last_occurrence(std::string_view job,
                                                                    std::int64_t until_us) = 0;
};

}  // namespace muster
