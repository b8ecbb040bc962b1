#include "cli/progress.h"
#include "cli/run_setup.h"
#include "cli/stores.h"
#include "cli/summary.h"
#include "cli/verbs/verbs.h"
#include "present/json.h"

#include <fmt/core.h>

namespace muster {
namespace {

Result<int> run_rejects_replay(VerbContext& context) {
    MUSTER_ASSIGN(RunSetup setup, RunSetup::open(context));
    ProgressMeter meter{context.console, context.clock};
    const RunContext run_context = setup.run_context(context);
    const std::string& word = context.arguments.words[0];
    std::unique_ptr<ObjectStore> store;
    LocalCopy file{context.path(word), nullptr};
    if (is_remote_url(word)) {
        const ObjectLocation where = split_object_url(word);
        MUSTER_ASSIGN(store, open_verb_store(context, where.store_url));
        MUSTER_ASSIGN(file, store->path_for_read(where.key));
    }
    const Result<ReplayReport> replay = replay_rejects(run_context, file.path.string(), meter);
    meter.finish();
    if (!replay.ok()) {
        return replay.error();
    }
    const RunReport& report = replay->run;
    Console& console = context.console;
    if (report.error) {
        console.error(*report.error);
    }
    if (console.json()) {
        console.out_line(
            summary_json(report.run,
                         report.seconds,
                         fmt::format(R"("replayed":{},"refused":{},"already_replayed":{})",
                                     replay->replayed,
                                     replay->refused,
                                     replay->already_replayed)));
    } else {
        print_outcomes(console, report.run.tables);
        if (console.format() == OutputFormat::kTable) {
            print_rejects(console,
                          report.run.tables,
                          report.examples,
                          fmt::format("muster rejects list --run {}", report.run.run_id));
        }
        console.note(fmt::format("{} replayed, {} refused again, {} were settled before",
                                 replay->replayed,
                                 replay->refused,
                                 replay->already_replayed));
    }
    return report.error ? exit_code(report.error->code) : 0;
}

}  // namespace

VerbSpec rejects_replay_verb() {
    return {
        .name = "rejects replay",
        .words = "FILE",
        .summary = "loads a mended export and marks the originals",
        .example = "muster rejects replay mend.csv",
        .words_min = 1,
        .words_max = 1,
        .completes = Words::kFiles,
        .needs_catalog = true,
        .needs_database = always,
        .run = run_rejects_replay,
    };
}

}  // namespace muster
