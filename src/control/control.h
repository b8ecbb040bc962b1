// Connect or lock: makes this process the owner of a data directory or a guest of the owner, so
// that two muster processes at once never show a lock error.
#pragma once

#include "control/descriptor.h"
#include "control/invocation.h"
#include "control/owner.h"
#include "core/limits.h"
#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace muster {

struct Joined {
    std::unique_ptr<Owner> owner;  // null: another process ran the verb
    int exit_code = 0;             // then this is its exit code
};

struct JoinOptions {
    // Readable once the verb is to stop; -1 = never.
    int cancel_fd = -1;
    std::int64_t wait_ms = kOwnerWaitMs;
};

// As a guest, returns when the verb is over. kBusy if for wait_ms neither the owner answers nor the
// lock is free; kUnavailable if the owner ended in the middle of the verb; kCancelled if the cancel
// came before the verb was accepted.
Result<Joined> join(const std::filesystem::path& data_dir,
                    const Invocation& invocation,
                    const Descriptors& descriptors,
                    const JoinOptions& options);

}  // namespace muster
