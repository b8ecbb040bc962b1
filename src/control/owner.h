// The owner of a data directory: holds its lock and runs the verbs of guests, each in a thread of
// its own. Order of use: try_own, serve, (work), finish, close the database, destroy. Thread-safe.
#pragma once

#include "control/descriptor.h"
#include "control/invocation.h"
#include "core/cancel.h"
#include "core/result.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>

namespace muster {

// Runs a guest's verb on the guest's descriptors; returns the exit code. Called from many threads.
using GuestHandler = std::function<int(const Invocation&, const Descriptors&, CancelToken& cancel)>;

class Owner {
  public:
    // Null if another process owns the directory. The directory is made if absent (mode 0700).
    // kIo if it cannot be made or locked.
    static Result<std::unique_ptr<Owner>> try_own(const std::filesystem::path& data_dir);
    // Gives the lock back. Requires: after serve(), the owner has finished.
    ~Owner();
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;

    // Takes guests from now on. A socket that a crashed owner left is replaced.
    Result<void> serve(GuestHandler handler);
    // If no guest is left takes no more, in one step: a guest that comes too late has not been
    // accepted and tries again. False if there are guests.
    bool try_finish();
    // The same, but waits for the guests.
    void finish();
    // Asks the verbs of all guests to stop.
    void cancel_guests();
    std::size_t guests() const;

  private:
    struct State;
    explicit Owner(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace muster
