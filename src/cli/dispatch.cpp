#include "cli/dispatch.h"

#include "cli/help.h"
#include "cli/parser.h"
#include "cli/verb_context.h"

#include <fmt/core.h>

namespace muster {
namespace {

// 128 + SIGPIPE: the reader of the output left.
constexpr int kReaderLeftExitCode = 141;

// What is left of the invocation once the command line makes sense.
Result<int> run_verb(const ParsedCommand& command, VerbContext& context, DatabaseAccess& access) {
    const VerbSpec& verb = *command.verb;
    CatalogLoad load;
    if (verb.needs_catalog) {
        std::vector<std::string> variables;
        load = load_catalog(context.settings, context.invocation, &variables);
        context.catalog = load.catalog ? &*load.catalog : nullptr;
        context.catalog_problems = load.problems;
        if (!load.catalog && !verb.tolerates_faults) {
            return problems_error(load.problems);
        }
        if (load.catalog && verb.needs_database != nullptr &&
            verb.needs_database(command.arguments)) {
            Result<Admission> admission = access.admit(*load.catalog, context.settings, variables);
            if (!admission.ok()) {
                if (!verb.tolerates_faults) {
                    return std::move(admission).error();
                }
                context.database_error = admission.error();
            } else if (const int* code = std::get_if<int>(&*admission)) {
                return *code;
            } else {
                context.database = std::get<Database*>(*admission);
            }
        }
    }
    return verb.run(context);
}

int finish(Console& console, int code) {
    console.transient("");
    console.flush();
    if (const auto failure = console.write_error()) {
        if (failure->code == ErrorCode::kCancelled) {
            return kReaderLeftExitCode;
        }
        console.message("muster: " + failure->message);
        return exit_code(failure->code);
    }
    return code;
}

int fail(Console& console, const Error& error) {
    // A failed write stops the verb; the write is the reason, not the stop.
    console.flush();
    if (error.code != ErrorCode::kCancelled || !console.write_error()) {
        console.error(error);
    }
    return finish(console, exit_code(error.code));
}

}  // namespace

int dispatch(const Invocation& invocation,
             const Descriptors& descriptors,
             CancelToken& cancel,
             const Clock& clock,
             DatabaseAccess& access) {
    Console console{descriptors, invocation.terminal, &cancel};
    if (asks_for_json(invocation.arguments)) {
        console.configure({.format = OutputFormat::kJson});
    }
    const Result<ParsedCommand> command = parse_command(invocation.arguments);
    if (!command.ok()) {
        return fail(console, command.error());
    }
    if (command->help) {
        console.out(help_text(command->group, command->verb));
        return finish(console, 0);
    }
    if (command->verb == nullptr) {
        console.message(help_text(command->group, nullptr));
        return finish(console, exit_code(ErrorCode::kUsage));
    }
    const Result<Settings> settings = resolve_settings(command->arguments, invocation);
    if (!settings.ok()) {
        return fail(console, settings.error());
    }
    console.configure(settings->console);
    VerbContext context{
        *command->verb, command->arguments, invocation, *settings, console, cancel, clock};
    const Result<int> code = run_verb(*command, context, access);
    return code.ok() ? finish(console, *code) : fail(console, code.error());
}

}  // namespace muster
