// Progress of long work on stderr: a bar on a terminal, otherwise a line every few seconds; with
// JSON output lines of type "progress" on stdout. Thread-safe.
#pragma once

#include "cli/console.h"
#include "core/clock.h"
#include "pipeline/pipeline.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace muster {

class ProgressMeter final : public RunObserver {
  public:
    // `lines` is false where stdout holds no progress lines even with JSON output.
    ProgressMeter(Console& console, const Clock& clock, bool lines = true);
    void progress(const RunProgress& progress) override;
    void warning(const Error& error) override;
    // Removes the bar.
    void finish();

    // The bar's text for the work so far; for tests as well.
    static std::string bar_text(const RunProgress& total, double seconds, int columns);

  private:
    Console& console_;
    const Clock& clock_;
    const bool lines_;
    const std::int64_t started_ns_;
    std::mutex mutex_;
    std::map<std::string, RunProgress> tables_;
    std::int64_t shown_ns_ = 0;
};

}  // namespace muster
