// Plans and runs a load: discover, skip what is unchanged, scan, load, balance (architecture.md,
// data flow). Tables run in the order of their references, side by side where those allow it.
#pragma once

#include "catalog/catalog.h"
#include "core/cancel.h"
#include "core/clock.h"
#include "core/result.h"
#include "engine/engine.h"
#include "storage/object_store.h"
#include "warehouse/warehouse.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// What a run works with. All of it must outlive the run.
struct RunContext {
    const Catalog& catalog;
    Engine& engine;
    Warehouse& warehouse;
    ObjectStore& source;
    ObjectStore& clean;
    const Clock& clock;
    std::size_t threads = 1;
    const CancelToken* cancel = nullptr;
};

struct RunOptions {
    std::vector<TableName> tables;  // empty: all; they must exist in the catalog
    bool dry_run = false;           // says what would be loaded; nothing is scanned or written
    bool force = false;             // loads unchanged objects again
    std::optional<RunId> resume;    // goes on with a run that did not finish: its complete scans
                                    // are taken as they are
    std::optional<RunId> run_id;    // of a new run; made if absent
    std::string trigger = "cli";
};

// Progress of one table. Calls may come from any thread, one at a time.
struct RunProgress {
    std::string table;
    std::string stage;  // discover | scan | load
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_total = 0;
    std::uint64_t rejected = 0;
};

class RunObserver {
  public:
    virtual ~RunObserver() = default;
    virtual void progress(const RunProgress& progress) = 0;
    // Something a person should know although the run goes on: a retry, a refused object.
    virtual void warning(const Error& error) = 0;
};

// For runs that nobody watches.
class SilentObserver final : public RunObserver {
  public:
    void progress(const RunProgress& /*progress*/) override {}
    void warning(const Error& /*error*/) override {}
};

struct RunReport {
    RunRecord run;
    double seconds = 0;
    std::vector<RejectEntry> examples;  // the first rejects of each code, over all tables
    std::optional<Error> error;         // the first failure, for the exit code
};

// An Error: the run could not start (busy, migration needed, source not there). A run that started
// and failed is a report with run.status and error.
Result<RunReport> run_pipeline(const RunContext& context,
                               const RunOptions& options,
                               RunObserver& observer);

// Loads the mended records of an export file (repair.h) as a run of trigger "replay".
struct ReplayReport {
    RunReport run;
    std::int64_t replayed = 0;          // records now in the table
    std::int64_t refused = 0;           // still wrong: new rejects with the new reasons
    std::int64_t already_replayed = 0;  // lines whose reject was replayed or waived before
};
Result<ReplayReport> replay_rejects(const RunContext& context,
                                    const std::string& file,
                                    RunObserver& observer);

// Writes the rejects that match as repairable CSV: _reject_id, the table's columns, _codes,
// _messages. One table per file. `write` gets the file's text piece by piece; returns the records.
Result<std::int64_t> export_rejects_csv(const RunContext& context,
                                        const RejectFilter& filter,
                                        const std::function<Result<void>(std::string_view)>& write);

}  // namespace muster
