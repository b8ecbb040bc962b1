// A connection to PostgreSQL over libpq, or to a service that runs its statements (remote.h), its
// transactions and streams. Nothing here blocks without looking at the cancel token: statements are
// sent and awaited without blocking. A connection is used by one thread at a time; a broken one
// stays broken.
#pragma once

#include "core/cancel.h"
#include "core/result.h"
#include "warehouse/postgres/login.h"
#include "warehouse/postgres/remote.h"
#include "warehouse/postgres/rows.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace muster {

// How a server that speaks the same protocol differs.
struct PgDialect {
    const char* product;       // in messages
    const char* port;          // where the URL names none
    int server_version_min;    // as libpq counts
    const char* session;       // statements that set a new session
    const char* session_also;  // a server may refuse this one; null = none
    bool keeps_statements;     // run_cached() plans once
    std::size_t params_max;    // of one statement
    // What the server says went wrong. It may put a better state in the place of `sqlstate`.
    Error (*error)(std::string& sqlstate,
                   std::string_view text,
                   std::string_view operation,
                   std::string_view place);
};
const PgDialect& postgres_dialect();

struct PgOptions {
    std::string url;  // postgresql://user:password@host:port/database?sslmode=...
    const PgDialect* dialect = &postgres_dialect();
    std::shared_ptr<PgLoginSource> login;  // instead of the URL's user and password; may be null
    // Opens a session that is not reached over libpq; empty: it is.
    std::function<Result<std::unique_ptr<PgRemote>>(const CancelToken*)> remote;
    std::optional<Error> refusal;  // every open() fails with it: there is no database to connect to
};

class PgConnection {
  public:
    // Connects within the URL's connect_timeout (10 s if it has none) and sets the session to UTC,
    // UTF-8 and ISO dates. kUsage if the URL or the database is wrong, kAuthentication if the role
    // is not let in, kIo without a client library, kUnavailable if nobody answers. No message shows
    // the password.
    static Result<std::unique_ptr<PgConnection>> open(const PgOptions& options,
                                                      const CancelToken* cancel);
    ~PgConnection();
    PgConnection(const PgConnection&) = delete;
    PgConnection& operator=(const PgConnection&) = delete;

    // While a token is set, it stops what runs (kCancelled; the connection stays usable). It must
    // outlive its use; null = none.
    void watch(const CancelToken* cancel) { cancel_ = cancel; }
    const CancelToken* watched() const { return cancel_; }

    // SQL without parameters; several statements at once are allowed and are one transaction.
    Result<void> execute(const std::string& sql);
    // One statement.
    Result<PgRows> run(const std::string& sql, const PgParams& params);
    // The same, planned once per connection: for statements that come again and again.
    Result<PgRows> run_cached(const std::string& sql, const PgParams& params);
    // Binds the values in order and runs.
    template <typename... Values>
    Result<PgRows> query(const std::string& sql, const Values&... values) {
        PgParams params;
        (params.add(values), ...);
        return run(sql, params);
    }
    // The first value, 0 if there is no row or it is NULL.
    template <typename... Values>
    Result<std::int64_t> scalar(const std::string& sql, const Values&... values) {
        MUSTER_ASSIGN(auto rows, query(sql, values...));
        return rows.next() ? rows.int64(0) : std::int64_t{0};
    }
    // The number of rows that the statement inserted, updated or deleted.
    template <typename... Values>
    Result<std::int64_t> change(const std::string& sql, const Values&... values) {
        MUSTER_ASSIGN(auto rows, query(sql, values...));
        return rows.rows_changed();
    }

    // The five letters of the last error, "" if it had none or there was none.
    const std::string& sqlstate() const { return sqlstate_; }
    // What the server said of it, in one line and cut to a length that a reject can hold; and the
    // column that it named, if any.
    const std::string& server_message() const { return server_message_; }
    const std::string& server_column() const { return server_column_; }
    // False after the connection was lost: what ran may or may not have happened.
    bool usable() const;
    // Neither in a transaction nor in the middle of a result.
    bool idle() const;
    // An idle connection that the server has closed meanwhile; asks nobody.
    bool closed_by_server();
    int server_version() const;
    int backend_pid() const;
    // "PostgreSQL at db1:5432, database sales", for messages.
    const std::string& place() const { return place_; }
    // Of one statement.
    std::size_t params_max() const { return dialect_.params_max; }

    // --- for the streams of this folder ---------------------------------------------------------
    // Null for a connection over libpq, which the rest is for.
    PgRemote* remote() { return remote_.get(); }
    Result<std::unique_ptr<PgPages>> open_remote(const std::string& sql, const PgParams& params);
    const Libpq& libpq() const { return libpq_; }
    pg_conn* raw() { return connection_; }
    Result<void> send(const std::string& sql, const PgParams& params);
    // The next result of what was sent, null after the last.
    Result<pg_result*> receive();
    // Reads and drops what is left of what was sent.
    void drain();
    // Waits until the socket can be read or, if asked for, written; kCancelled, kUnavailable.
    Result<void> wait(bool for_write);
    // The error of a result, which is freed, or of the connection if it is null.
    Error failure(pg_result* result, std::string_view operation);
    Result<void> flush();
    // Tells the server to stop what runs. The connection is not used again by others.
    void interrupt();
    bool interrupted() const { return interrupted_; }

  private:
    PgConnection(const Libpq& libpq, const PgDialect& dialect, pg_conn* connection);
    // open() with a login of its source, or that of the URL; sets `refused` if the server did not
    // take the password.
    static Result<std::unique_ptr<PgConnection>> open_as(const PgOptions& options,
                                                         const PgLogin* login,
                                                         const CancelToken* cancel,
                                                         bool& refused);
    Result<void> connect(std::int64_t timeout_seconds);
    Result<void> set_up();
    Result<PgRows> run_remote(const std::string& sql, const PgParams& params);
    // The first step of each: kCancelled if the token asks for it.
    Result<void> begin_statement();
    Result<PgRows> collect(std::string_view operation);
    Result<void> look_for_cancel();
    void ask_to_cancel();

    const Libpq& libpq_;
    const PgDialect& dialect_;
    pg_conn* connection_;  // null with remote_
    std::unique_ptr<PgRemote> remote_;
    const CancelToken* cancel_ = nullptr;
    bool broken_ = false;
    bool interrupted_ = false;
    std::int64_t interrupted_at_ms_ = 0;
    bool cancel_again_ = false;  // what was interrupted has not ended
    std::int64_t cancel_asked_at_ms_ = 0;
    std::string place_;
    std::string sqlstate_;
    std::string server_message_;
    std::string server_column_;
    std::unordered_map<std::string, std::string> prepared_;  // SQL -> name
};

// BEGIN in open(), ROLLBACK unless commit() was called.
class PgTransaction {
  public:
    // `mode` follows BEGIN: "" or "READ ONLY" or "ISOLATION LEVEL ...".
    static Result<PgTransaction> open(PgConnection& connection, std::string_view mode = "");
    ~PgTransaction();
    PgTransaction(PgTransaction&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)) {}
    PgTransaction(const PgTransaction&) = delete;
    PgTransaction& operator=(const PgTransaction&) = delete;

    // If the connection is lost before the answer, nobody here knows whether the transaction was
    // committed: kUnavailable, and outcome_unknown() is true. The caller looks at what the
    // transaction would have written. The token does not stop a commit.
    Result<void> commit();
    bool outcome_unknown() const { return outcome_unknown_; }

  private:
    explicit PgTransaction(PgConnection& connection) : connection_(&connection) {}
    PgConnection* connection_;
    bool outcome_unknown_ = false;
};

// A result row by row, in memory that does not grow with it. The connection serves nothing else
// meanwhile; a stream that ends early stops its statement.
class PgStream {
  public:
    static Result<PgStream> open(PgConnection& connection,
                                 const std::string& sql,
                                 const PgParams& params);
    ~PgStream();
    PgStream(PgStream&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)),
          pages_(std::move(other.pages_)),
          rows_(std::move(other.rows_)),
          first_(other.first_),
          ended_(other.ended_) {}
    PgStream(const PgStream&) = delete;
    PgStream& operator=(const PgStream&) = delete;

    Result<bool> next();
    // The current row; its columns are known from the start, of an empty result too.
    const PgRows& row() const { return rows_; }

  private:
    explicit PgStream(PgConnection& connection) : connection_(&connection) {}
    Result<void> fetch();
    Result<bool> next_of_pages();

    PgConnection* connection_;
    std::unique_ptr<PgPages> pages_;  // of a remote session
    PgRows rows_;
    bool first_ = true;
    bool ended_ = false;
};

// Whether the error may pass if the whole transaction is tried again on a new connection: the
// connection was lost before COMMIT, or it met another one (40001, 40P01).
bool worth_a_retry(const Error& error);

}  // namespace muster
