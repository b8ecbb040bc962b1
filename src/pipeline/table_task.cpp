// One table in one run:
//  1. discover: which objects changed;
//  2. scan those. An object that is refused as a whole is reported and contributes nothing;
//  3. the objects after the first changed one (all of them under the policies first and reject) are
//     scanned too, so that the result equals a load of all objects in order;
//  4. load: one transaction in the warehouse, retried if the failure may pass.
#include "pipeline/detail/table_task.h"

#include "core/limits.h"
#include "validate/scan.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace muster {
namespace {

constexpr std::size_t kScanReportBytesMax = 64U << 20;

std::string flat_name(std::string_view key) {
    std::string flat;
    for (const char c : key) {
        flat += c == '/' ? std::string{"%2F"} : c == '%' ? std::string{"%25"} : std::string{c};
    }
    return flat;
}

class TableRun {
  public:
    explicit TableRun(const TableTask& task) : task_(task), context_(task.context) {
        result_.outcome.table = task.table.name.str();
    }

    TableTaskResult run() {
        const std::int64_t start_ns = context_.clock.monotonic_ns();
        auto done = load_table();
        if (!done) {
            result_.error = done.error();
            result_.outcome.error = done.error().message;
            result_.outcome.status = "failed";
        } else {
            result_.error = limit_error(result_.outcome);
        }
        const std::int64_t end_ns = context_.clock.monotonic_ns();
        result_.outcome.seconds = static_cast<double>(end_ns - start_ns) * 1e-9;
        return std::move(result_);
    }

  private:
    Result<void> load_table() {
        task_.observer.progress({.table = result_.outcome.table, .stage = "discover"});
        MUSTER_ASSIGN(planned_, discover(context_, task_.table, task_.force));
        scans_.resize(planned_.size());
        MUSTER_TRY(scan_where([](const PlannedObject& object) { return object.changed; }));
        const std::size_t first = first_to_load();
        MUSTER_TRY(scan_where([&, this](const PlannedObject& object) {
            return static_cast<std::size_t>(&object - planned_.data()) >= first && !object.changed;
        }));
        MUSTER_TRY(load_scanned());
        note_the_rest();
        return {};
    }

    // Where loading starts in the order of names; past the end if nothing changed for the table.
    std::size_t first_to_load() const {
        for (std::size_t i = 0; i < planned_.size(); ++i) {
            if (scans_[i] && !scans_[i]->problem_code) {
                return task_.table.on_duplicate_key == DuplicatePolicy::kLast ? i : 0;
            }
        }
        return planned_.size();
    }

    // Scans the chosen objects, several at once: small ones cannot use all threads alone.
    Result<void> scan_where(const std::function<bool(const PlannedObject&)>& chosen) {
        std::vector<std::size_t> queue;
        for (std::size_t i = 0; i < planned_.size(); ++i) {
            if (chosen(planned_[i])) {
                queue.push_back(i);
                bytes_total_ += planned_[i].info.bytes;
            }
        }
        std::vector<std::optional<Error>> errors(queue.size());
        std::atomic<std::size_t> next{0};
        std::atomic<bool> failed{false};
        const auto work = [&] {
            for (std::size_t taken; !failed && (taken = next.fetch_add(1)) < queue.size();) {
                if (auto scanned = scan(queue[taken]); !scanned) {
                    errors[taken] = scanned.error();
                    failed = true;
                }
            }
        };
        {
            std::vector<std::jthread> pool;
            for (std::size_t i = 1; i < std::min(context_.threads, queue.size()); ++i) {
                pool.emplace_back(work);
            }
            work();
        }
        for (auto& error : errors) {
            if (error) {
                return *error;
            }
        }
        return {};
    }

    Result<void> scan(std::size_t index) {
        const ObjectInfo& info = planned_[index].info;
        const std::string prefix = clean_prefix(task_.table, info.key, task_.run);
        if (task_.resumed) {
            MUSTER_ASSIGN(auto finished, finished_scan(info, prefix));
            if (finished && finished->ordinal == index) {
                return keep(index, *std::move(finished));
            }
        }
        ScanJob job{.table = task_.table,
                    .source = context_.source,
                    .object = info,
                    .ordinal = index,
                    .clean = context_.clean,
                    .prefix = prefix,
                    .progress = [this, index](const ScanProgress& now) { report(index, now); },
                    .cancel = context_.cancel};
        MUSTER_ASSIGN(auto scanned, scan_object(context_.engine, job));
        return keep(index, std::move(scanned));
    }

    // The report of a scan that this run completed before it was interrupted, if the object is
    // still the same.
    Result<std::optional<ScanReport>> finished_scan(const ObjectInfo& info,
                                                    const std::string& prefix) {
        const ObjectKey key{prefix + "scan.json"};
        auto text = read_object(context_.clean, key, kScanReportBytesMax);
        if (!text) {
            return std::optional<ScanReport>{};
        }
        MUSTER_ASSIGN(auto scanned, parse_scan_report(*text));
        auto reader = context_.source.open(info.key);
        if (!reader || scanned.problem_code) {
            return std::optional<ScanReport>{};
        }
        MUSTER_ASSIGN(const std::string hash, content_hash(**reader, context_.threads));
        return hash == scanned.content_hash ? std::optional{std::move(scanned)} : std::nullopt;
    }

    Result<void> keep(std::size_t index, ScanReport scanned) {
        const std::lock_guard lock{mutex_};
        if (scanned.problem_code) {
            task_.observer.warning({.code = ErrorCode::kIo, .message = scanned.problem_message});
        }
        scans_[index] = std::move(scanned);
        return {};
    }

    void report(std::size_t index, const ScanProgress& now) {
        RunProgress sum{.table = result_.outcome.table, .stage = "scan"};
        {
            const std::lock_guard lock{mutex_};
            progress_[index] = now;
            for (const auto& [object, part] : progress_) {
                sum.rows += part.rows;
                sum.bytes += part.bytes;
                sum.rejected += part.rejected;
            }
            sum.bytes_total = bytes_total_;
        }
        task_.observer.progress(sum);
    }

    Result<void> load_scanned() {
        std::vector<LoadObject> objects;
        std::vector<LocalCopy> copies;
        for (std::size_t i = 0; i < planned_.size(); ++i) {
            if (scans_[i] && !scans_[i]->problem_code) {
                MUSTER_ASSIGN(auto object,
                              load_object(context_.clean, *scans_[i], planned_[i].info, copies));
                objects.push_back(std::move(object));
            }
        }
        if (objects.empty()) {
            result_.outcome.status = "unchanged";
            return {};
        }
        task_.observer.progress({.table = result_.outcome.table, .stage = "load"});
        const LoadRequest request{
            .run = task_.run,
            .table = task_.table,
            .objects = objects,
            .replay_of = {},
            .raw_records = raw_record_reader(task_.table, context_.source, objects),
            .cancel = context_.cancel};
        MUSTER_ASSIGN(result_.outcome,
                      with_retries(task_, [&] { return context_.warehouse.load(request); }));
        if (result_.outcome.status == "limit") {
            return {};
        }
        return remove_old_clean_objects(objects);
    }

    // [retention] clean_runs: how many versions of an object stay in the clean store.
    Result<void> remove_old_clean_objects(const std::vector<LoadObject>& objects) {
        const auto keep_max = static_cast<std::size_t>(context_.catalog.retention.clean_runs);
        for (const LoadObject& object : objects) {
            const std::string folder =
                fmt::format("{}/{}/", task_.table.name.str(), flat_name(object.source.key.str()));
            MUSTER_ASSIGN(const auto stored, context_.clean.list_below(folder));
            std::vector<std::string> runs;
            for (const ObjectInfo& info : stored) {
                const std::string rest = info.key.str().substr(folder.size());
                const std::string run = rest.substr(0, rest.find('/'));
                if (runs.empty() || runs.back() != run) {
                    runs.push_back(run);
                }
            }
            for (std::size_t i = 0; i + std::max<std::size_t>(keep_max, 1) < runs.size(); ++i) {
                if (runs[i] != task_.run.str()) {
                    MUSTER_TRY(context_.clean.remove_below(folder + runs[i] + "/"));
                }
            }
        }
        return {};
    }

    // Objects that were not loaded: skipped ones with the reason, refused ones with the problem.
    void note_the_rest() {
        bool refused = false;
        for (std::size_t i = 0; i < planned_.size(); ++i) {
            if (!scans_[i]) {
                result_.outcome.objects.push_back({.object = planned_[i].info.key.str(),
                                                   .status = "skipped",
                                                   .error = planned_[i].why_skipped});
            } else if (scans_[i]->problem_code) {
                refused = true;
                result_.outcome.objects.push_back({.object = planned_[i].info.key.str(),
                                                   .status = "failed",
                                                   .error = scans_[i]->problem_message,
                                                   .bytes = planned_[i].info.bytes,
                                                   .code = *scans_[i]->problem_code});
                result_.outcome.rejects_by_code[*scans_[i]->problem_code] += 1;
            }
        }
        std::sort(result_.outcome.objects.begin(),
                  result_.outcome.objects.end(),
                  [](const auto& a, const auto& b) { return a.object < b.object; });
        if (refused && result_.outcome.status != "limit") {
            result_.outcome.status = "partial";
        }
    }

    const TableTask& task_;
    const RunContext& context_;
    TableTaskResult result_;
    std::vector<PlannedObject> planned_;
    std::vector<std::optional<ScanReport>> scans_;
    std::map<std::size_t, ScanProgress> progress_;
    std::uint64_t bytes_total_ = 0;
    std::mutex mutex_;
};

}  // namespace

TableTaskResult run_table(const TableTask& task) { return TableRun{task}.run(); }

Result<TableOutcome> with_retries(const TableTask& task,
                                  const std::function<Result<TableOutcome>()>& work) {
    for (int attempt = 1;; ++attempt) {
        auto outcome = work();
        if (outcome || !retryable(outcome.error().code) || attempt == kTaskAttemptsMax) {
            return outcome;
        }
        Error warning = outcome.error();
        warning.message = fmt::format(
            "{}: attempt {} failed: {}", task.table.name.str(), attempt, warning.message);
        task.observer.warning(warning);
        std::this_thread::sleep_for(std::chrono::milliseconds(200 << attempt));
    }
}

std::optional<Error> limit_error(const TableOutcome& outcome) {
    if (outcome.status != "limit") {
        return std::nullopt;
    }
    return Error{
        .code = ErrorCode::kLimit,
        .message = outcome.error,
        .hint = fmt::format("look at them with 'muster rejects list --table {}'", outcome.table)};
}

std::string clean_prefix(const Table& table, const ObjectKey& object, const RunId& run) {
    return fmt::format("{}/{}/{}/", table.name.str(), flat_name(object.str()), run.str());
}

Result<LoadObject> load_object(ObjectStore& clean,
                               const ScanReport& scan,
                               const ObjectInfo& info,
                               std::vector<LocalCopy>& copies) {
    LoadObject object{.scan = scan, .source = info, .parts = {}, .rejects = {}};
    for (const std::string& key : scan.part_keys) {
        MUSTER_ASSIGN(auto copy, clean.path_for_read(ObjectKey{key}));
        object.parts.push_back(copy.path);
        copies.push_back(std::move(copy));
    }
    if (!scan.rejects_key.empty()) {
        MUSTER_ASSIGN(auto copy, clean.path_for_read(ObjectKey{scan.rejects_key}));
        object.rejects = copy.path;
        copies.push_back(std::move(copy));
    }
    return object;
}

RawRecordReader raw_record_reader(const Table& table,
                                  ObjectStore& store,
                                  const std::vector<LoadObject>& objects) {
    return [&table, &store, &objects](
               const std::string& key,
               std::span<const std::uint64_t> offsets,
               const std::function<Result<void>(const RejectedRecord&)>& found) -> Result<void> {
        const auto object = std::find_if(objects.begin(), objects.end(), [&](const auto& one) {
            return one.source.key.str() == key;
        });
        MUSTER_CHECK(object != objects.end());
        MUSTER_ASSIGN(auto reader, store.open(object->source.key));
        MUSTER_ASSIGN(const std::string hash, locate_records(table, *reader, offsets, found));
        if (hash != object->scan.content_hash) {
            return Error{.code = ErrorCode::kConflict,
                         .message = fmt::format("{} changed while it was loaded", key),
                         .hint = "run again: nothing of it was loaded"};
        }
        return {};
    };
}

}  // namespace muster
