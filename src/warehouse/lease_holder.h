// Holds a lease for the time of a run: renewed by a thread of its own, released at the end. If it
// is lost (this process was stopped for longer than the lease lives), the run is told to stop.
#pragma once

#include "core/cancel.h"
#include "warehouse/warehouse.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace muster {

// The one lease of everything that writes tables: two runs never interleave.
inline constexpr std::string_view kRunLease = "run";

class LeaseHolder {
  public:
    // `lost` is cancelled when the lease cannot be renewed.
    static Result<std::unique_ptr<LeaseHolder>> acquire(Warehouse& warehouse,
                                                        const std::string& name,
                                                        const RunId& owner,
                                                        CancelToken& lost);
    ~LeaseHolder();
    LeaseHolder(const LeaseHolder&) = delete;
    LeaseHolder& operator=(const LeaseHolder&) = delete;

    // The run that left the lease behind, if one did.
    const std::optional<RunId>& left_by() const { return left_by_; }

    // Ends the renewing and gives the lease back.
    Result<void> release();

  private:
    LeaseHolder(Warehouse& warehouse,
                std::string name,
                RunId owner,
                std::optional<RunId> left_by,
                CancelToken& lost);
    void renew_until_stopped();
    void stop();

    Warehouse& warehouse_;
    std::string name_;
    RunId owner_;
    std::optional<RunId> left_by_;
    CancelToken& lost_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopped_ = false;
    bool released_ = false;
    std::thread thread_;
};

}  // namespace muster
