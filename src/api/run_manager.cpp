#include "api/run_manager.h"

#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <sys/resource.h>
#include <unistd.h>

namespace muster {
namespace {

constexpr std::size_t kFeedsKept = 16;
constexpr std::size_t kEventsMax = 10'000;
constexpr int kRunNice = 10;
constexpr auto kStopPoll = std::chrono::milliseconds(100);

// A run takes the processor time that requests leave: the calling thread, and those it starts, get
// a lower priority. Without it the slowest reads take six times as long while a run goes on.
void give_way() { (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kRunNice); }

Result<std::string> outcome_of(const RunRecord& run) {
    if (run.status == "succeeded" || run.status == "partial") {
        return run.status;
    }
    return Error{run.status == "cancelled" ? ErrorCode::kCancelled : ErrorCode::kInternal,
                 fmt::format("run {} {}{}", run.run_id, run.status, run.error.empty() ? "" : ": ") +
                     run.error};
}

}  // namespace

// What happened in one run so far. Late readers get it from the begin.
struct RunManager::Feed {
    Feed(std::string id, std::string what, std::string by, std::int64_t now_us)
        : run_id(std::move(id)),
          kind(std::move(what)),
          trigger(std::move(by)),
          started_at_us(now_us) {}

    void add(std::string_view event, const std::string& data) {
        {
            const std::lock_guard lock{mutex};
            if (events.size() < kEventsMax) {
                events.push_back(
                    fmt::format("id: {}\nevent: {}\ndata: {}\n\n", events.size() + 1, event, data));
            }
        }
        changed.notify_all();
    }

    // `result` is the status of the run, or why it could not begin.
    void end(const std::string& data, const std::string& failure, Result<std::string> result) {
        {
            const std::lock_guard lock{mutex};
            error = failure;
            outcome = std::move(result);
            events.push_back(
                fmt::format("id: {}\nevent: summary\ndata: {}\n\n", events.size() + 1, data));
            ended = true;
        }
        changed.notify_all();
    }

    const std::string run_id;
    const std::string kind;
    const std::string trigger;
    const std::int64_t started_at_us;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> events;
    bool ended = false;
    std::string error;
    Result<std::string> outcome = std::string{"running"};
};

class RunManager::Observer final : public RunObserver {
  public:
    explicit Observer(Feed& feed) : feed_(feed) {}

    void progress(const RunProgress& progress) override {
        feed_.add("progress",
                  JsonObject{}
                      .text("type", "progress")
                      .text("table", progress.table)
                      .text("stage", progress.stage)
                      .number("rows", progress.rows)
                      .number("bytes", progress.bytes)
                      .number("bytes_total", progress.bytes_total)
                      .number("rejected", progress.rejected)
                      .str());
    }

    void warning(const Error& error) override { feed_.add("warning", error_json(error)); }

  private:
    Feed& feed_;
};

RunManager::RunManager(const Services& services,
                       Ended ended,
                       std::function<void(const Error&)> failed)
    : services_(services), ended_(std::move(ended)), failed_(std::move(failed)) {}

RunManager::~RunManager() { stop(); }

Result<RunManager::Started> RunManager::start(std::vector<TableName> tables,
                                              bool force,
                                              std::string trigger) {
    RunOptions options{.tables = std::move(tables), .force = force, .trigger = trigger};
    return launch(
        "load",
        std::move(trigger),
        [this, options](const RunId& run, RunObserver& observer, const CancelToken* cancel) {
            RunOptions named = options;
            named.run_id = run;
            return load(named, observer, cancel);
        });
}

Result<RunManager::Started> RunManager::start_job(std::string kind, Job job) {
    return launch(std::move(kind),
                  "api",
                  [this, work = std::move(job)](
                      const RunId& run, RunObserver& observer, const CancelToken* cancel) {
                      const Result<std::string> done = work(run, observer, cancel);
                      if (done.ok()) {
                          return Ending{*done, "", std::string{"succeeded"}};
                      }
                      failed_(done.error());
                      return Ending{error_json(done.error()), done.error().message, done.error()};
                  });
}

Result<RunManager::Started> RunManager::launch(std::string kind, std::string trigger, Task task) {
    const std::lock_guard lock{mutex_};
    if (stopping_) {
        return Error{ErrorCode::kCancelled, "the server is stopping", "start the run later", ""};
    }
    if (running_) {
        return Error{ErrorCode::kBusy,
                     fmt::format("run {} is at work", run_id_),
                     "wait for its end, or cancel it",
                     ""};
    }
    if (thread_.joinable()) {
        thread_.join();
    }
    const RunId run = new_run_id(services_.clock);
    run_id_ = run.str();
    running_ = true;
    cancel_ = std::make_unique<CancelToken>();
    feeds_.push_back(std::make_shared<Feed>(
        run_id_, std::move(kind), std::move(trigger), services_.clock.now_us()));
    if (feeds_.size() > kFeedsKept) {
        feeds_.pop_front();
    }
    thread_ = std::thread{[this, run, work_of = std::move(task)] { work(run, work_of); }};
    return Started{run_id_};
}

void RunManager::work(const RunId& run, const Task& task) {
    give_way();
    std::shared_ptr<Feed> feed;
    const CancelToken* cancel = nullptr;
    {
        const std::lock_guard lock{mutex_};
        feed = feeds_.back();
        cancel = cancel_.get();
    }
    Observer observer{*feed};
    Ending ending = task(run, observer, cancel);
    {
        // Before the end is told: who waited for it may start the next.
        const std::lock_guard lock{mutex_};
        running_ = false;
    }
    feed->end(ending.summary, ending.error, std::move(ending.outcome));
}

RunManager::Ending RunManager::load(const RunOptions& options,
                                    RunObserver& observer,
                                    const CancelToken* cancel) {
    const RunContext context{.catalog = services_.catalog,
                             .engine = services_.engine,
                             .warehouse = services_.warehouse,
                             .source = services_.source,
                             .clean = services_.clean,
                             .clock = services_.clock,
                             .threads = services_.threads,
                             .cancel = cancel};
    const Result<RunReport> report = run_pipeline(context, options, observer);
    if (!report.ok()) {
        failed_(report.error());
        return {error_json(report.error()), report.error().message, report.error()};
    }
    ended_(*report);
    return {summary_json(report->run, report->seconds), report->run.error, outcome_of(report->run)};
}

std::shared_ptr<RunManager::Feed> RunManager::feed_of(const std::string& run_id) {
    const std::lock_guard lock{mutex_};
    const auto found = std::find_if(feeds_.begin(), feeds_.end(), [&run_id](const auto& feed) {
        return feed->run_id == run_id;
    });
    return found == feeds_.end() ? nullptr : *found;
}

Result<std::string> RunManager::wait(const std::string& run_id, const CancelToken& stop) {
    const std::shared_ptr<Feed> feed = feed_of(run_id);
    if (feed == nullptr) {
        return Error{ErrorCode::kNotFound, fmt::format("run {} is not known here", run_id)};
    }
    std::unique_lock lock{feed->mutex};
    while (!feed->changed.wait_for(lock, kStopPoll, [&feed] { return feed->ended; })) {
        if (stop.cancelled()) {
            lock.unlock();
            cancel(run_id);
            lock.lock();
        }
    }
    return feed->outcome;
}

bool RunManager::cancel(const std::string& run_id) {
    const std::lock_guard lock{mutex_};
    if (!running_ || run_id != run_id_) {
        return false;
    }
    cancel_->cancel();
    return true;
}

void RunManager::stop() {
    std::thread thread;
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        if (cancel_) {
            cancel_->cancel();
        }
        thread = std::move(thread_);
    }
    if (thread.joinable()) {
        thread.join();
    }
}

std::optional<RunRecord> RunManager::pending(const std::string& run_id) {
    const std::lock_guard lock{mutex_};
    for (const auto& feed : feeds_) {
        if (feed->run_id != run_id) {
            continue;
        }
        const std::lock_guard feed_lock{feed->mutex};
        return RunRecord{.run_id = run_id,
                         .status = feed->ended ? "failed" : "running",
                         .kind = feed->kind,
                         .trigger = feed->trigger,
                         .error = feed->error,
                         .started_at_us = feed->started_at_us};
    }
    return std::nullopt;
}

std::optional<std::function<std::optional<std::string>(std::int64_t wait_ms)>> RunManager::events(
    const std::string& run_id) {
    const std::shared_ptr<Feed> known = feed_of(run_id);
    if (known == nullptr) {
        return std::nullopt;
    }
    return [feed = known,
            next = std::size_t{0}](std::int64_t wait_ms) mutable -> std::optional<std::string> {
        std::unique_lock feed_lock{feed->mutex};
        feed->changed.wait_for(feed_lock, std::chrono::milliseconds{wait_ms}, [&feed, &next] {
            return next < feed->events.size() || feed->ended;
        });
        std::string text;
        for (; next < feed->events.size(); ++next) {
            text += feed->events[next];
        }
        if (text.empty() && feed->ended) {
            return std::nullopt;
        }
        return text;
    };
}

}  // namespace muster
