#include "pipeline/pipeline.h"

#include "core/limits.h"
#include "core/text.h"
#include "pipeline/detail/table_task.h"
#include "pipeline/task_graph.h"
#include "warehouse/lease_holder.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

namespace muster {
namespace {

Result<void> check_tables(const Catalog& catalog, const std::vector<TableName>& tables) {
    for (const TableName& name : tables) {
        if (catalog.find_table(name.str()) == nullptr) {
            const auto names = catalog.table_names();
            return Error{.code = ErrorCode::kUsage,
                         .message = fmt::format("no table '{}' in {}{}",
                                                name.str(),
                                                catalog.origin,
                                                did_you_mean(name.str(), names))};
        }
    }
    return {};
}

std::string run_status(const RunRecord& run) {
    std::size_t failed = 0;
    bool partial = false;
    bool loaded = false;
    for (const TableOutcome& table : run.tables) {
        const bool bad =
            table.status == "failed" || table.status == "limit" || table.status == "skipped";
        failed += bad ? 1U : 0U;
        partial = partial || table.status == "partial";
        loaded = loaded || std::any_of(table.objects.begin(),
                                       table.objects.end(),
                                       [](const auto& o) { return o.status == "loaded"; });
    }
    if (failed > 0 && !loaded) {
        return "failed";
    }
    return failed > 0 || partial ? "partial" : "succeeded";
}

// The first rejects of each code, from the ledger: it also has those that were found by the load.
Result<std::vector<RejectEntry>> examples_of(Warehouse& warehouse, const RunRecord& run) {
    std::vector<RejectEntry> examples;
    for (const TableOutcome& table : run.tables) {
        for (const auto& [code, count] : table.rejects_by_code) {
            const RejectFilter filter{.table = table.table,
                                      .code = code,
                                      .state = "",
                                      .run_id = run.run_id,
                                      .limit = kRejectExamplesPerCode};
            MUSTER_TRY(warehouse.rejects(filter, [&examples](const RejectEntry& reject) {
                const auto same = [&reject](const RejectEntry& one) { return one.id == reject.id; };
                if (std::none_of(examples.begin(), examples.end(), same)) {
                    examples.push_back(reject);
                }
                return Result<void>{};
            }));
        }
    }
    return examples;
}

class PipelineRun {
  public:
    PipelineRun(const RunContext& context,
                const RunOptions& options,
                const TaskGraph& graph,
                RunObserver& observer)
        : context_(context),
          options_(options),
          observer_(observer),
          graph_(graph),
          results_(graph_.nodes.size()) {}

    RunReport execute(const RunRecord& begun) {
        RunReport report;
        report.run = begun;
        const std::int64_t start_ns = context_.clock.monotonic_ns();
        execute_graph(
            graph_,
            context_.threads,
            [&](std::size_t node) { return run_node(node, begun); },
            [&](std::size_t node, const std::string& because) { skip_node(node, because, begun); });
        collect(report);
        report.seconds = static_cast<double>(context_.clock.monotonic_ns() - start_ns) * 1e-9;
        return report;
    }

  private:
    bool run_node(std::size_t node, const RunRecord& begun) {
        const Table* table = context_.catalog.find_table(graph_.nodes[node].name);
        const TableTask task{.context = context_,
                             .table = *table,
                             .run = RunId{begun.run_id},
                             .force = options_.force,
                             .resumed = options_.resume.has_value(),
                             .observer = observer_};
        results_[node] = run_table(task);
        record(node, begun);
        return !results_[node].error;
    }

    void skip_node(std::size_t node, const std::string& because, const RunRecord& begun) {
        TableOutcome& outcome = results_[node].outcome;
        outcome.table = graph_.nodes[node].name;
        outcome.status = "skipped";
        outcome.error = fmt::format("it refers to {}, which was not loaded", because);
        record(node, begun);
    }

    // The outcome belongs into the ledger; a failure to write it is a failure of the table.
    void record(std::size_t node, const RunRecord& begun) {
        auto recorded =
            context_.warehouse.finish_table(RunId{begun.run_id}, results_[node].outcome);
        if (!recorded && !results_[node].error) {
            results_[node].error = recorded.error();
        }
    }

    void collect(RunReport& report) {
        for (TableTaskResult& result : results_) {
            if (result.error && !report.error) {
                report.error = result.error;
            }
            for (const ObjectOutcome& object : result.outcome.objects) {
                if (!object.code.empty() && !report.error) {
                    report.error = Error{.code = ErrorCode::kIo,
                                         .message = object.error,
                                         .hint = "mend or remove the file, then run again"};
                }
            }
            report.run.tables.push_back(std::move(result.outcome));
        }
    }

    const RunContext& context_;
    const RunOptions& options_;
    SerialObserver observer_;
    const TaskGraph& graph_;
    std::vector<TableTaskResult> results_;
};

Result<RunReport> plan_only(const RunContext& context,
                            const RunOptions& options,
                            const TaskGraph& graph) {
    RunReport report;
    report.run.status = "planned";
    report.run.trigger = options.trigger;
    for (const TaskNode& node : graph.nodes) {
        const Table& table = *context.catalog.find_table(node.name);
        MUSTER_ASSIGN(const auto planned, discover(context, table, options.force));
        TableOutcome outcome{.table = node.name, .status = "unchanged"};
        bool load = false;
        for (const PlannedObject& object : planned) {
            load = load || object.changed;
            outcome.objects.push_back({.object = object.info.key.str(),
                                       .status = load ? "would load" : "skipped",
                                       .error = object.why_skipped,
                                       .bytes = object.info.bytes});
            outcome.bytes += load ? object.info.bytes : 0;
        }
        if (load) {
            outcome.status = "would load";
        }
        report.run.tables.push_back(std::move(outcome));
    }
    return report;
}

// Whether a run that is over put rows of the table into the warehouse; its clean objects stay.
bool published(const RunRecord& run, const std::string& table) {
    return std::any_of(run.tables.begin(), run.tables.end(), [&table](const TableOutcome& one) {
        return one.table == table && (one.status == "loaded" || one.status == "partial");
    });
}

// What runs that were never published left in the clean store: after a full disk the next run needs
// the room. The caller holds the lease, so none of them is at work. A run that the ledger no longer
// knows is left to [retention].
Result<void> remove_leftovers(const RunContext& context, const Table& table) {
    const std::string& name = table.name.str();
    MUSTER_ASSIGN(const auto versions, context.warehouse.object_versions(table.name));
    std::map<std::string, bool> keeps;  // by run
    for (const ObjectVersion& version : versions) {
        keeps[version.run_id] = true;
    }
    MUSTER_ASSIGN(const auto stored, context.clean.list_below(name + "/"));
    std::set<std::string> prefixes;
    for (const ObjectInfo& info : stored) {
        const std::string& key = info.key.str();  // <table>/<object>/<run>/<file>
        const std::size_t object_end = key.find('/', name.size() + 1);
        const std::size_t run_end = key.find('/', object_end + 1);
        if (object_end == key.npos || run_end == key.npos) {
            continue;
        }
        const std::string run = key.substr(object_end + 1, run_end - object_end - 1);
        auto known = keeps.find(run);
        if (known == keeps.end()) {
            auto record = context.warehouse.run(run);
            if (!record && record.error().code != ErrorCode::kNotFound) {
                return record.error();
            }
            known = keeps.emplace(run, !record || published(*record, name)).first;
        }
        if (!known->second) {
            prefixes.insert(key.substr(0, run_end + 1));
        }
    }
    for (const std::string& prefix : prefixes) {
        MUSTER_TRY(context.clean.remove_below(prefix));
    }
    return {};
}

// The record of the run that is about to start: a new one, or the one to go on with.
Result<RunRecord> record_to_begin(const RunContext& context, const RunOptions& options) {
    if (!options.resume) {
        return RunRecord{.run_id = options.run_id.value_or(new_run_id(context.clock)).str(),
                         .status = "running",
                         .trigger = options.trigger,
                         .started_at_us = context.clock.now_us()};
    }
    MUSTER_ASSIGN(RunRecord earlier, context.warehouse.run(options.resume->str()));
    if (earlier.status == "succeeded") {
        return Error{.code = ErrorCode::kConflict,
                     .message = fmt::format("run {} has succeeded", earlier.run_id),
                     .hint = "there is nothing to resume; use `muster run`"};
    }
    earlier.status = "running";
    earlier.error.clear();
    earlier.finished_at_us = 0;
    earlier.tables.clear();
    return earlier;
}

}  // namespace

Result<RunReport> run_pipeline(const RunContext& context,
                               const RunOptions& options,
                               RunObserver& observer) {
    MUSTER_TRY(check_tables(context.catalog, options.tables));
    const TaskGraph graph = load_graph(context.catalog, options.tables);
    for (const TaskNode& node : graph.nodes) {
        MUSTER_TRY(check_row_checks(context.engine, *context.catalog.find_table(node.name)));
    }
    if (options.dry_run) {
        return plan_only(context, options, graph);
    }
    // A source that is not there is said before anything is written.
    MUSTER_TRY(context.source.list("*"));
    MUSTER_ASSIGN(const RunRecord begun, record_to_begin(context, options));
    CancelToken stop{context.cancel};
    MUSTER_ASSIGN(
        auto lease,
        LeaseHolder::acquire(context.warehouse, std::string{kRunLease}, RunId{begun.run_id}, stop));
    MUSTER_TRY(context.warehouse.reconcile());
    MUSTER_TRY(context.warehouse.migrate(context.catalog, false));
    if (!options.resume) {
        for (const TaskNode& node : graph.nodes) {
            MUSTER_TRY(remove_leftovers(context, *context.catalog.find_table(node.name)));
        }
    }
    MUSTER_TRY(context.warehouse.begin_run(begun));

    RunContext stoppable = context;
    stoppable.cancel = &stop;
    RunReport report = PipelineRun{stoppable, options, graph, observer}.execute(begun);
    const bool cancelled =
        stop.cancelled() || (report.error && report.error->code == ErrorCode::kCancelled);
    report.run.status = cancelled ? "cancelled" : run_status(report.run);
    report.run.error = report.error ? report.error->message : "";
    report.run.finished_at_us = context.clock.now_us();
    MUSTER_ASSIGN(report.examples, examples_of(context.warehouse, report.run));
    MUSTER_TRY(context.warehouse.apply_retention(context.catalog.retention));
    MUSTER_TRY(context.warehouse.finish_run(report.run));
    MUSTER_TRY(lease->release());
    return report;
}

}  // namespace muster
