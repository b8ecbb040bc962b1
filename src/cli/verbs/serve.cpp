// The server: opens everything the API works with, serves until it is asked to stop, then drains.
#include "api/app.h"
#include "cli/backup_setup.h"
#include "cli/run_setup.h"
#include "cli/sample_files.h"
#include "cli/schedule_jobs.h"
#include "cli/summary.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"

#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <random>
#include <thread>

namespace muster {
namespace {

constexpr auto kStopPoll = std::chrono::milliseconds(50);
constexpr int kPollsPerCheck = 20;
constexpr std::int64_t kDrainMs = 15'000;
constexpr std::int64_t kExpireEverySeconds = 3600;
constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

struct Listen {
    std::string address;
    std::uint16_t port = 0;

    bool loopback() const {
        return address.starts_with("127.") || address == "::1" || address == "localhost";
    }
};

// "127.0.0.1:8080", "[::1]:8080", ":8080".
Result<Listen> parse_listen(const std::string& text) {
    Listen listen;
    const std::size_t colon = text.rfind(':');
    const auto bad = [&text] {
        return Error{ErrorCode::kUsage,
                     fmt::format("'{}' is no address and port", text),
                     "write it as 127.0.0.1:8080",
                     ""};
    };
    if (colon == std::string::npos) {
        return bad();
    }
    const char* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data() + colon + 1, end, listen.port);
    if (failed != std::errc{} || rest != end) {
        return bad();
    }
    listen.address = text.substr(0, colon);
    if (listen.address.starts_with('[') && listen.address.ends_with(']')) {
        listen.address = listen.address.substr(1, listen.address.size() - 2);
    }
    if (listen.address.empty() || listen.address == "localhost") {
        listen.address = "127.0.0.1";
    }
    return listen;
}

std::optional<std::string> environment(const VerbContext& context, const std::string& name) {
    const auto found = context.invocation.environment.find(name);
    return found == context.invocation.environment.end() || found->second.empty()
               ? std::nullopt
               : std::optional{found->second};
}

Result<Listen> listen_of(const VerbContext& context) {
    MUSTER_ASSIGN(Listen listen,
                  parse_listen(context.arguments.value_or("listen", context.catalog->api.listen)));
    if (const auto port = environment(context, "PORT");
        port && !context.arguments.value("listen")) {
        MUSTER_ASSIGN(const Listen given, parse_listen(":" + *port));
        listen.port = given.port;
    }
    return listen;
}

Result<AccountOptions> account_options(const VerbContext& context, const Listen& listen) {
    const Api& api = context.catalog->api;
    AccountOptions options;
    MUSTER_ASSIGN(
        options.secret,
        load_secret(context.catalog->data_dir, environment(context, "MUSTER_JWT_SECRET")));
    options.access_token_seconds = std::int64_t{60} * api.access_token_minutes;
    options.registered_role = *parse_role(api.registered_role);
    options.registration_open =
        api.registration == "open" || (api.registration == "loopback" && listen.loopback());
    return options;
}

// The first user of a demo, with a password of its own for each start.
Result<void> make_demo_user(VerbContext& context, Accounts& accounts) {
    static constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789";
    std::random_device random;
    std::string password;
    for (int i = 0; i < 16; ++i) {
        password += kLetters[random() % kLetters.size()];
        password += i % 4 == 3 && i < 15 ? "-" : "";
    }
    MUSTER_ASSIGN(auto added, accounts.add("demo", password, Role::kAdmin));
    if (!added.value && added.refused.why == Refusal::kExists) {
        MUSTER_ASSIGN(added, accounts.change_password("demo", password));
    }
    if (!added.value) {
        return Error{ErrorCode::kInternal, "cannot make the user demo: " + added.refused.message};
    }
    context.console.note(fmt::format("log in as user 'demo' with the password '{}'", password));
    return {};
}

// Loads the source once before the server starts, so that a demo has something to show.
Result<void> load_demo(VerbContext& context, RunSetup& setup) {
    SilentObserver silent;
    MUSTER_ASSIGN(const RunReport report,
                  run_pipeline(setup.run_context(context), RunOptions{}, silent));
    std::int64_t read = 0;
    for (const TableOutcome& table : report.run.tables) {
        read += table.counts.read;
    }
    context.console.note(fmt::format("loaded {}: {} records, {} refused; run {}",
                                     mask_secrets(context.catalog->source_url),
                                     read,
                                     rejected_records(report.run.tables),
                                     report.run.status));
    return {};
}

// Until the server is asked to stop, or the database is lost: then it is better to end than to
// answer 503 for ever, as the next start opens the database anew.
Result<void> wait_for_stop(VerbContext& context, StateStore& state) {
    const auto expire = [&] {
        const auto done = state.expire(context.clock.now_us(), context.catalog->api.audit_days);
        if (!done.ok()) {
            context.console.message("muster: " + done.error().message);
        }
    };
    expire();
    std::int64_t last = context.clock.now_us();
    for (int polls = 1; !context.cancel.cancelled(); ++polls) {
        std::this_thread::sleep_for(kStopPoll);
        if (polls % kPollsPerCheck == 0) {
            if (auto alive = context.database->engine().check(); !alive.ok()) {
                Error error = std::move(alive).error();
                error.message = "the database does not answer any more: " + error.message;
                error.hint = "start the server again; what was acknowledged is on disk";
                return error;
            }
        }
        if (context.clock.now_us() - last > kExpireEverySeconds * kMicrosecondsPerSecond) {
            last = context.clock.now_us();
            expire();
        }
    }
    return {};
}

AppOptions app_options(VerbContext& context, const Listen& listen) {
    AppOptions options;
    options.server.address = listen.address;
    options.server.port = listen.port;
    options.requests_per_minute = context.catalog->api.requests_per_minute;
    options.log_requests = !context.settings.console.quiet;
    options.log_json = context.arguments.value_or("log", "text") == "json";
    Console& console = context.console;
    options.log = [&console](const std::string& line) { console.message(line); };
    return options;
}

Result<int> run_serve(VerbContext& context) {
    MUSTER_ASSIGN(const Listen listen, listen_of(context));
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse_for(*context.catalog));
    MUSTER_ASSIGN(RunSetup setup, RunSetup::open(context));
    MUSTER_ASSIGN(BackupSetup backups, BackupSetup::open(context));
    MUSTER_TRY(finish_leftovers(context, backups.backup_context(context)));
    const RunContext run_context = setup.run_context(context);
    MUSTER_ASSIGN(const AccountOptions account, account_options(context, listen));
    MUSTER_ASSIGN(auto accounts, Accounts::open(warehouse->state(), context.clock, account));
    Rows rows{*context.catalog, *warehouse, context.clock};
    App app{Services{.catalog = *context.catalog,
                     .engine = context.database->engine(),
                     .warehouse = *warehouse,
                     .source = *setup.source,
                     .clean = *setup.clean,
                     .backups = *backups.store,
                     .accounts = *accounts,
                     .rows = rows,
                     .clock = context.clock,
                     .threads = run_context.threads,
                     .version = MUSTER_VERSION},
            app_options(context, listen)};
    MUSTER_ASSIGN(auto server, http::Server::open(app.options().server, app.callbacks()));
    app.watch(*server);
    const std::string host =
        listen.address.find(':') == std::string::npos ? listen.address : "[" + listen.address + "]";
    const std::string url = fmt::format("http://{}:{}", host, server->port());
    if (context.arguments.flag("demo")) {
        MUSTER_TRY(load_demo(context, setup));
        MUSTER_TRY(make_demo_user(context, *accounts));
    }
    server->start();
    MUSTER_ASSIGN(const auto scheduler, start_schedules(context, app));
    context.console.out_line(
        fmt::format("muster serves {} (the page of the API: {}/swagger-ui/)", url, url));
    context.console.flush();
    if (!account.registration_open) {
        context.console.note("registration is closed; `muster users add` makes users");
    }
    const auto asked = wait_for_stop(context, warehouse->state());
    context.console.note("stopping: requests at work are finished");
    if (scheduler) {
        scheduler->begin_stop();
    }
    app.drain();
    const bool whole = server->stop(kDrainMs, [&app] { app.abort(); });
    context.console.note(whole ? "stopped" : "stopped; requests were cut off at the deadline");
    MUSTER_TRY(asked);
    return 0;
}

}  // namespace

VerbSpec serve_verb() {
    return {
        .name = "serve",
        .words = "",
        .summary = "serves the REST API until it is stopped",
        .example = "muster serve --listen 127.0.0.1:8080",
        .options = {{"listen", 0, "ADDRESS:PORT", "instead of [api] listen", "MUSTER_LISTEN"},
                    {"demo", 0, "", "loads the source first and makes a user 'demo'"},
                    {"log", 0, "FORMAT", "of the request log", "MUSTER_LOG", "text|json"}},
        .needs_catalog = true,
        .needs_database = always,
        .run = run_serve,
    };
}

}  // namespace muster
