// What a shell command prints. Thread-safe.
#pragma once

#include "core/cancel.h"
#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <string>

namespace muster {

struct ProgramOutput {
    int status = 0;  // its exit code, or 128 and the number of the signal that ended it
    std::string out;
    std::string err;
};

// Runs `command` by /bin/sh in a process group of its own, with an empty standard input, and waits
// until both outputs are closed. kUnavailable after `time_max` or more than `bytes_max` bytes of
// one of them, kCancelled, kIo if it cannot be started; the group is killed then.
Result<ProgramOutput> run_program(const std::string& command,
                                  std::chrono::milliseconds time_max,
                                  std::size_t bytes_max,
                                  const CancelToken* cancel);

}  // namespace muster
