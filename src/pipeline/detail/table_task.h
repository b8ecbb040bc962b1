// One table in one run: discover, scan, load. Everything that can go wrong ends in the outcome.
#pragma once

#include "pipeline/detail/discover.h"
#include "pipeline/pipeline.h"

#include <mutex>

namespace muster {

// Lets one call at a time through to the observer of a run.
class SerialObserver {
  public:
    explicit SerialObserver(RunObserver& observer) : observer_(observer) {}
    void progress(const RunProgress& progress) {
        const std::lock_guard lock{mutex_};
        observer_.progress(progress);
    }
    void warning(const Error& error) {
        const std::lock_guard lock{mutex_};
        observer_.warning(error);
    }

  private:
    RunObserver& observer_;
    std::mutex mutex_;
};

struct TableTaskResult {
    TableOutcome outcome;
    std::vector<RejectEntry> examples;  // of a replay; those of a run come from the ledger
    std::optional<Error> error;
};

struct TableTask {
    const RunContext& context;
    const Table& table;
    RunId run;
    bool force = false;
    bool resumed = false;  // take complete scans of this run as they are
    SerialObserver& observer;
};

TableTaskResult run_table(const TableTask& task);

// Calls `work` until it succeeds, fails for good, or kTaskAttemptsMax is reached; waits between.
Result<TableOutcome> with_retries(const TableTask& task,
                                  const std::function<Result<TableOutcome>()>& work);

// What a table that was stopped at its reject limit means for the run.
std::optional<Error> limit_error(const TableOutcome& outcome);

// The folder of an object's clean version: <table>/<object>/<run>/.
std::string clean_prefix(const Table& table, const ObjectKey& object, const RunId& run);

// What load needs to know about a scanned object. Its files are there as long as `copies` is.
Result<LoadObject> load_object(ObjectStore& clean,
                               const ScanReport& scan,
                               const ObjectInfo& info,
                               std::vector<LocalCopy>& copies);

// Reads records of scanned objects again, from `store`.
RawRecordReader raw_record_reader(const Table& table,
                                  ObjectStore& store,
                                  const std::vector<LoadObject>& objects);

}  // namespace muster
