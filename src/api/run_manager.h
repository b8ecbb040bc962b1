// Runs of the server, started over HTTP or by its schedule, and other long work: one at a time, in
// a thread of its own, with the events that a client may follow. Thread-safe.
#pragma once

#include "api/services.h"
#include "core/cancel.h"
#include "pipeline/pipeline.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace muster {

class RunManager {
  public:
    using Ended = std::function<void(const RunReport&)>;
    // `failed` is told of a run that could not even start.
    RunManager(const Services& services, Ended ended, std::function<void(const Error&)> failed);
    ~RunManager();  // asks a run to stop and waits for it

    struct Started {
        std::string run_id;
    };
    // kBusy if a run is at work already. `trigger` goes into the ledger.
    Result<Started> start(std::vector<TableName> tables, bool force, std::string trigger = "api");
    // The same for other long work, of kind "backup" or "restore". It gives its summary as JSON,
    // and writes itself into the ledger.
    using Job =
        std::function<Result<std::string>(const RunId&, RunObserver&, const CancelToken* cancel)>;
    Result<Started> start_job(std::string kind, Job job);
    // Waits for the end of a run that start() answered: "succeeded" or "partial", or why it was
    // neither; kBusy if another process was running, kCancelled if it was stopped. Once `stop` is
    // cancelled the run is asked to stop.
    Result<std::string> wait(const std::string& run_id, const CancelToken& stop);
    // False if this run is not at work.
    bool cancel(const std::string& run_id);
    // Asks a run to stop, waits for its end; no other starts.
    void stop();

    // A run that is not in the ledger: about to begin, or it could not start.
    std::optional<RunRecord> pending(const std::string& run_id);
    // The events of a run at work or that just ended, as server-sent events, from its begin.
    // Nothing if this run is not known here.
    std::optional<std::function<std::optional<std::string>(std::int64_t wait_ms)>> events(
        const std::string& run_id);

  private:
    struct Feed;
    class Observer;
    // What is told at the end: the last event, the error of the run, and its status.
    struct Ending {
        std::string summary;
        std::string error;
        Result<std::string> outcome;
    };
    using Task = std::function<Ending(const RunId&, RunObserver&, const CancelToken* cancel)>;

    Result<Started> launch(std::string kind, std::string trigger, Task task);
    void work(const RunId& run, const Task& task);
    Ending load(const RunOptions& options, RunObserver& observer, const CancelToken* cancel);
    std::shared_ptr<Feed> feed_of(const std::string& run_id);

    const Services& services_;
    const Ended ended_;
    const std::function<void(const Error&)> failed_;
    std::mutex mutex_;
    std::thread thread_;
    bool running_ = false;
    bool stopping_ = false;
    std::string run_id_;
    std::unique_ptr<CancelToken> cancel_;
    std::deque<std::shared_ptr<Feed>> feeds_;  // of the latest runs
};

}  // namespace muster
