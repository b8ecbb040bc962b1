#include "warehouse/postgres/connection.h"

#include "core/text.h"
#include "warehouse/postgres/conninfo.h"
#include "warehouse/postgres/errors.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <libpq-fe.h>
#include <poll.h>

namespace muster {

namespace {

constexpr const char* kPasswordRefused = "password authentication failed";
constexpr int kPollMs = 50;  // between looks at the cancel token
// A server drops a request that reaches it between two statements, when the one that is meant has
// been sent but not been read.
constexpr std::int64_t kCancelAgainMs = 300;
// A server that does not answer a cancel for so long is left alone.
constexpr std::int64_t kCancelGraceMs = 5000;
// The server shows the whole row that broke a constraint.
constexpr std::size_t kServerMessageBytesMax = 1024;

// UTC and ISO texts, whatever the role's settings are. And no table of the catalog gets into the
// schema `muster`, where a role of that name would put it.
constexpr const char* kSession =
    "SET client_encoding TO 'UTF8';"
    "SET TimeZone TO 'UTC';"
    "SET DateStyle TO 'ISO, YMD';"
    "SET bytea_output TO 'hex';"
    "SET extra_float_digits TO 1;"
    "SET standard_conforming_strings TO on;"
    "SELECT set_config('search_path', coalesce((SELECT string_agg(quote_ident(s), ', ' ORDER BY n)"
    " FROM unnest(current_schemas(false)) WITH ORDINALITY AS path(s, n) WHERE s <> 'muster'),"
    " 'public'), false)";
// A client that was killed leaves its statement running, and its locks held, until the server looks
// whether anybody is there. Servers on some systems cannot: then the kernel's timers decide.
constexpr const char* kNoticeDeadClients = "SET client_connection_check_interval TO '2s'";

constexpr int kPostgresVersionMin = 150000;
constexpr std::size_t kPostgresParamsMax = 65535;

Error own_error(std::string& sqlstate,
                std::string_view text,
                std::string_view operation,
                std::string_view place) {
    return postgres_error(sqlstate, text, operation, place);
}

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

const PgDialect& postgres_dialect() {
    static constexpr PgDialect kDialect{.product = "PostgreSQL",
                                        .port = "5432",
                                        .server_version_min = kPostgresVersionMin,
                                        .session = kSession,
                                        .session_also = kNoticeDeadClients,
                                        .keeps_statements = true,
                                        .params_max = kPostgresParamsMax,
                                        .error = own_error};
    return kDialect;
}

PgConnection::PgConnection(const Libpq& libpq, const PgDialect& dialect, pg_conn* connection)
    : libpq_(libpq), dialect_(dialect), connection_(connection) {}

PgConnection::~PgConnection() {
    if (connection_ != nullptr) {
        libpq_.finish(connection_);
    }
}

Result<std::unique_ptr<PgConnection>> PgConnection::open(const PgOptions& options,
                                                         const CancelToken* cancel) {
    if (options.refusal) {
        return *options.refusal;
    }
    if (options.remote) {
        static const Libpq kUnused;
        MUSTER_ASSIGN(auto remote, options.remote(cancel));
        std::unique_ptr<PgConnection> connection(
            new PgConnection(kUnused, *options.dialect, nullptr));
        connection->place_ = remote->place();
        connection->cancel_ = cancel;
        connection->remote_ = std::move(remote);
        return connection;
    }
    bool refused = false;
    if (!options.login) {
        return open_as(options, nullptr, cancel, refused);
    }
    for (bool again = false;; again = true) {
        MUSTER_ASSIGN(const PgLogin login, options.login->get(cancel));
        auto opened = open_as(options, &login, cancel, refused);
        if (opened.ok() || !refused) {
            return opened;
        }
        // It may have been changed since it was fetched.
        options.login->refused(login);
        if (again) {
            Error error = std::move(opened).error();
            error.hint = "user and password come from " + options.login->origin() +
                         ": see that they are those of this database";
            return error;
        }
        refused = false;
    }
}

Result<std::unique_ptr<PgConnection>> PgConnection::open_as(const PgOptions& options,
                                                            const PgLogin* login,
                                                            const CancelToken* cancel,
                                                            bool& refused) {
    const PgDialect& dialect = *options.dialect;
    MUSTER_ASSIGN(const Libpq* libpq, load_libpq());
    MUSTER_ASSIGN(auto info, Conninfo::parse(*libpq, options.url, dialect.product, dialect.port));
    if (login != nullptr) {
        info.set_login(login->user, login->password);
    }
    pg_conn* raw = libpq->connect_start_params(info.names().data(), info.values().data(), 0);
    if (raw == nullptr) {
        return Error{ErrorCode::kUnavailable, "no memory for a connection", "", ""};
    }
    std::unique_ptr<PgConnection> connection(new PgConnection(*libpq, dialect, raw));
    connection->place_ = info.place();
    connection->cancel_ = cancel;
    // What libpq prints by itself would stand between the lines of the program.
    libpq->set_notice_processor(
        raw, [](void*, const char*) {}, nullptr);
    if (auto connected = connection->connect(info.timeout_seconds()); !connected.ok()) {
        if (connected.error().code == ErrorCode::kCancelled) {
            return connected.error();
        }
        refused = connected.error().detail.find(kPasswordRefused) != std::string::npos;
        return connect_error(connected.error().detail, info.place(), info.user());
    }
    MUSTER_TRY(connection->set_up());
    return connection;
}

Result<void> PgConnection::connect(std::int64_t timeout_seconds) {
    const std::int64_t deadline = now_ms() + timeout_seconds * 1000;
    const auto failed = [](std::string text) {
        return Error{ErrorCode::kUnavailable, "", "", std::move(text)};
    };
    if (libpq_.status(connection_) == CONNECTION_BAD) {
        return failed(libpq_.error_message(connection_));
    }
    int wanted = PGRES_POLLING_WRITING;
    while (wanted != PGRES_POLLING_OK) {
        if (wanted == PGRES_POLLING_FAILED) {
            return failed(libpq_.error_message(connection_));
        }
        pollfd waited{libpq_.socket(connection_),
                      static_cast<short>(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                      0};
        for (;;) {
            if (cancel_ != nullptr && cancel_->cancelled()) {
                return stopped_on_request();
            }
            if (now_ms() >= deadline) {
                return failed("no answer within " + std::to_string(timeout_seconds) + " s");
            }
            if (::poll(&waited, 1, kPollMs) > 0) {
                break;
            }
        }
        wanted = libpq_.connect_poll(connection_);
    }
    libpq_.set_nonblocking(connection_, 1);
    return {};
}

Result<void> PgConnection::set_up() {
    if (const int version = server_version(); version < dialect_.server_version_min) {
        return Error{ErrorCode::kConflict,
                     fmt::format("{} is version {}.{}", place_, version / 10000, version % 10000),
                     fmt::format("muster needs {} {} or later",
                                 dialect_.product,
                                 dialect_.server_version_min / 10000),
                     ""};
    }
    MUSTER_TRY(execute(dialect_.session));
    if (dialect_.session_also == nullptr) {
        return {};
    }
    if (auto set = execute(dialect_.session_also); !set.ok() && !usable()) {
        return set;
    }
    return {};
}

// --- waiting -------------------------------------------------------------------------------------

void PgConnection::interrupt() {
    interrupted_ = true;
    interrupted_at_ms_ = now_ms();
    cancel_again_ = true;
    ask_to_cancel();
}

void PgConnection::ask_to_cancel() {
    if (pg_cancel* request = libpq_.get_cancel(connection_); request != nullptr) {
        char message[256];
        // If the server does not take it, the wait ends after kCancelGraceMs.
        libpq_.cancel(request, message, sizeof message);
        libpq_.free_cancel(request);
    }
    cancel_asked_at_ms_ = now_ms();
}

Result<void> PgConnection::look_for_cancel() {
    if (!interrupted_ && cancel_ != nullptr && cancel_->cancelled()) {
        interrupt();
    } else if (interrupted_ && now_ms() - interrupted_at_ms_ > kCancelGraceMs) {
        broken_ = true;
        return stopped_on_request();
    } else if (cancel_again_ && now_ms() - cancel_asked_at_ms_ > kCancelAgainMs) {
        ask_to_cancel();
    }
    return {};
}

Result<void> PgConnection::wait(bool for_write) {
    for (;;) {
        MUSTER_TRY(look_for_cancel());
        pollfd waited{libpq_.socket(connection_),
                      static_cast<short>(for_write ? POLLIN | POLLOUT : POLLIN),
                      0};
        const int ready = ::poll(&waited, 1, kPollMs);
        if (ready < 0 && errno != EINTR) {
            broken_ = true;
            return connection_lost(std::strerror(errno), "waiting for an answer", place_);
        }
        if (ready > 0) {
            if ((waited.revents & ~POLLOUT) != 0 && libpq_.consume_input(connection_) == 0) {
                return failure(nullptr, "waiting for an answer");
            }
            return {};
        }
    }
}

Result<void> PgConnection::flush() {
    for (;;) {
        const int left = libpq_.flush(connection_);
        if (left < 0) {
            return failure(nullptr, "sending a statement");
        }
        if (left == 0) {
            return {};
        }
        MUSTER_TRY(wait(true));
    }
}

Result<pg_result*> PgConnection::receive() {
    while (libpq_.is_busy(connection_) != 0) {
        MUSTER_TRY(wait(false));
    }
    return libpq_.get_result(connection_);
}

void PgConnection::drain() {
    while (usable()) {
        auto result = receive();
        if (!result.ok() || *result == nullptr) {
            return;
        }
        const int status = libpq_.result_status(*result);
        libpq_.clear(*result);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            broken_ = true;  // nobody speaks the other side of it any more
        }
    }
}

Error PgConnection::failure(pg_result* result, std::string_view operation) {
    const auto field = [&](int code) -> std::string {
        const char* text = result == nullptr ? nullptr : libpq_.result_error_field(result, code);
        return text == nullptr ? "" : text;
    };
    sqlstate_ = field(PG_DIAG_SQLSTATE);
    std::string text = field(PG_DIAG_MESSAGE_PRIMARY);
    if (const std::string detail = field(PG_DIAG_MESSAGE_DETAIL); !detail.empty()) {
        text += ": " + detail;
    }
    const std::string hint = field(PG_DIAG_MESSAGE_HINT);
    server_message_ = utf8_prefix(one_line(text), kServerMessageBytesMax);
    server_column_ = field(PG_DIAG_COLUMN_NAME);
    libpq_.clear(result);
    if (libpq_.status(connection_) == CONNECTION_BAD || sqlstate_.empty()) {
        broken_ = true;
    }
    if (interrupted_ && (sqlstate_ == "57014" || sqlstate_.empty())) {
        return stopped_on_request();
    }
    if (sqlstate_.empty()) {
        return connection_lost(
            text.empty() ? libpq_.error_message(connection_) : text, operation, place_);
    }
    Error error = dialect_.error(sqlstate_, text, operation, place_);
    if (error.hint.empty()) {
        error.hint = hint;
    }
    return error;
}

// --- state ---------------------------------------------------------------------------------------

bool PgConnection::usable() const {
    if (remote_) {
        return remote_->usable();
    }
    return !broken_ && libpq_.status(connection_) == CONNECTION_OK;
}

bool PgConnection::idle() const {
    if (remote_) {
        return remote_->usable() && remote_->idle();
    }
    // A late cancel could hit the next statement.
    return usable() && !interrupted_ && libpq_.transaction_status(connection_) == PQTRANS_IDLE;
}

bool PgConnection::closed_by_server() {
    if (remote_) {
        return remote_->ended();
    }
    for (;;) {
        pollfd waited{libpq_.socket(connection_), POLLIN, 0};
        if (!usable()) {
            return true;
        }
        if (::poll(&waited, 1, 0) <= 0) {
            return false;
        }
        if (libpq_.consume_input(connection_) == 0) {
            broken_ = true;
        }
    }
}

int PgConnection::server_version() const { return libpq_.server_version(connection_); }

int PgConnection::backend_pid() const { return libpq_.backend_pid(connection_); }

bool worth_a_retry(const Error& error) { return retryable(error.code); }

}  // namespace muster
