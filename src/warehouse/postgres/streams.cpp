// Transactions and results row by row.
#include "warehouse/postgres/connection.h"

#include <fmt/format.h>

#include <libpq-fe.h>

namespace muster {

namespace {

// Until it is destroyed no token stops the connection.
class Unstoppable {
  public:
    explicit Unstoppable(PgConnection& connection)
        : connection_(connection), before_(connection.watched()) {
        connection_.watch(nullptr);
    }
    ~Unstoppable() { connection_.watch(before_); }
    Unstoppable(const Unstoppable&) = delete;
    Unstoppable& operator=(const Unstoppable&) = delete;

  private:
    PgConnection& connection_;
    const CancelToken* before_;
};

}  // namespace

// --- PgTransaction -------------------------------------------------------------------------------

Result<PgTransaction> PgTransaction::open(PgConnection& connection, std::string_view mode) {
    MUSTER_TRY(connection.execute(fmt::format("BEGIN {}", mode)));
    return PgTransaction(connection);
}

PgTransaction::~PgTransaction() {
    if (connection_ != nullptr && connection_->usable()) {
        const Unstoppable guard(*connection_);
        // A failure means that there is nothing left to roll back.
        static_cast<void>(connection_->execute("ROLLBACK").ok());
    }
}

Result<void> PgTransaction::commit() {
    if (connection_->interrupted()) {
        return Error{ErrorCode::kCancelled, "stopped before the transaction was committed", "", ""};
    }
    const Unstoppable guard(*connection_);
    PgConnection& connection = *connection_;
    auto rows = connection.run("COMMIT", {});
    if (!rows.ok()) {
        outcome_unknown_ = !connection.usable();
        return std::move(rows).error();
    }
    connection_ = nullptr;
    if (rows->command() != "COMMIT") {
        // In a transaction that has failed, COMMIT is a ROLLBACK without an error.
        return Error{ErrorCode::kInternal,
                     "the transaction was rolled back: a statement in it had failed",
                     "",
                     ""};
    }
    return {};
}

// --- PgStream ------------------------------------------------------------------------------------

Result<PgStream> PgStream::open(PgConnection& connection,
                                const std::string& sql,
                                const PgParams& params) {
    PgStream stream(connection);
    if (connection.remote() != nullptr) {
        MUSTER_ASSIGN(stream.pages_, connection.open_remote(sql, params));
        MUSTER_ASSIGN(stream.rows_, stream.pages_->next(stream.ended_));
        return stream;
    }
    MUSTER_TRY(connection.send(sql, params));
    connection.libpq().set_single_row_mode(connection.raw());
    MUSTER_TRY(stream.fetch());
    return stream;
}

PgStream::~PgStream() {
    // A statement of a remote session has ended when its rows are read.
    if (connection_ != nullptr && connection_->remote() == nullptr && !ended_ &&
        connection_->usable()) {
        connection_->interrupt();
        connection_->drain();
    }
}

Result<void> PgStream::fetch() {
    MUSTER_ASSIGN(pg_result * result, connection_->receive());
    if (result == nullptr) {
        ended_ = true;
        return {};
    }
    switch (connection_->libpq().result_status(result)) {
        case PGRES_SINGLE_TUPLE:
            rows_ = PgRows(connection_->libpq(), result);
            rows_.next();
            return {};
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
            ended_ = true;
            if (first_) {
                rows_ = PgRows(connection_->libpq(), result);
            } else {
                connection_->libpq().clear(result);
            }
            connection_->drain();
            return {};
        default: {
            ended_ = true;
            Error error = connection_->failure(result, "reading a result");
            connection_->drain();
            return error;
        }
    }
}

Result<bool> PgStream::next_of_pages() {
    while (!rows_.next()) {
        if (ended_) {
            return false;
        }
        MUSTER_ASSIGN(rows_, pages_->next(ended_));
    }
    return true;
}

Result<bool> PgStream::next() {
    if (pages_) {
        return next_of_pages();
    }
    if (first_) {
        first_ = false;
    } else if (!ended_) {
        MUSTER_TRY(fetch());
    }
    return !ended_;
}

}  // namespace muster
