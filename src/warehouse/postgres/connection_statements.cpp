// Statements of a connection: sent, awaited, planned once.
#include "core/check.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/postgres/errors.h"

#include <fmt/format.h>

#include <atomic>
#include <libpq-fe.h>

namespace muster {
namespace {

// "cached plan must not change result type": a table has changed since the statement was prepared.
constexpr std::string_view kPlanOutdated = "0A000";

// The parameters as libpq takes them; points into them.
struct RawParams {
    explicit RawParams(const PgParams& params) {
        constexpr Oid kBytea = 17;
        for (const PgParams::Param& param : params.list()) {
            values.push_back(param.null ? nullptr : param.bytes.c_str());
            lengths.push_back(static_cast<int>(param.bytes.size()));
            formats.push_back(param.binary ? 1 : 0);
            types.push_back(param.binary ? kBytea : 0);
        }
    }
    int count() const { return static_cast<int>(values.size()); }

    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    std::vector<Oid> types;
};

}  // namespace

Result<void> PgConnection::begin_statement() {
    MUSTER_CHECK(!remote_);  // streams are libpq's
    sqlstate_.clear();
    server_message_.clear();
    server_column_.clear();
    cancel_again_ = false;  // the ROLLBACK behind what was interrupted is to run
    return cancel_ != nullptr && cancel_->cancelled() ? Result<void>(stopped_on_request())
                                                      : Result<void>();
}

Result<void> PgConnection::send(const std::string& sql, const PgParams& params) {
    MUSTER_TRY(begin_statement());
    if (params.list().size() > dialect_.params_max) {
        return Error{ErrorCode::kInternal,
                     fmt::format("a statement has {} parameters, {} takes {}",
                                 params.list().size(),
                                 dialect_.product,
                                 dialect_.params_max),
                     "please report this",
                     ""};
    }
    const RawParams raw(params);
    if (libpq_.send_query_params(connection_,
                                 sql.c_str(),
                                 raw.count(),
                                 raw.types.data(),
                                 raw.values.data(),
                                 raw.lengths.data(),
                                 raw.formats.data(),
                                 0) == 0) {
        return failure(nullptr, "sending a statement");
    }
    return flush();
}

Result<PgRows> PgConnection::collect(std::string_view operation) {
    PgRows rows;
    for (;;) {
        MUSTER_ASSIGN(pg_result * result, receive());
        if (result == nullptr) {
            return rows;
        }
        switch (libpq_.result_status(result)) {
            case PGRES_COMMAND_OK:
            case PGRES_TUPLES_OK:
            case PGRES_EMPTY_QUERY:
                rows = PgRows(libpq_, result);
                break;
            default: {
                Error error = failure(result, operation);
                drain();
                return error;
            }
        }
    }
}

Result<PgRows> PgConnection::run_remote(const std::string& sql, const PgParams& params) {
    sqlstate_.clear();
    if (cancel_ != nullptr && cancel_->cancelled()) {
        return stopped_on_request();
    }
    auto rows = remote_->run(sql, params, cancel_);
    sqlstate_ = remote_->sqlstate();
    return rows;
}

Result<std::unique_ptr<PgPages>> PgConnection::open_remote(const std::string& sql,
                                                           const PgParams& params) {
    sqlstate_.clear();
    auto pages = remote_->open(sql, params, cancel_);
    sqlstate_ = remote_->sqlstate();
    return pages;
}

Result<void> PgConnection::execute(const std::string& sql) {
    if (remote_) {
        MUSTER_ASSIGN(auto done, run_remote(sql, {}));
        return {};
    }
    MUSTER_TRY(begin_statement());
    if (libpq_.send_query(connection_, sql.c_str()) == 0) {
        return failure(nullptr, "sending a statement");
    }
    MUSTER_TRY(flush());
    MUSTER_ASSIGN(auto rows, collect("running a statement"));
    return {};
}

Result<PgRows> PgConnection::run(const std::string& sql, const PgParams& params) {
    if (remote_) {
        return run_remote(sql, params);
    }
    MUSTER_TRY(send(sql, params));
    return collect("running a statement");
}

Result<PgRows> PgConnection::run_cached(const std::string& sql, const PgParams& params) {
    if (!dialect_.keeps_statements) {
        return run(sql, params);
    }
    MUSTER_TRY(begin_statement());
    const RawParams raw(params);
    auto at = prepared_.find(sql);
    if (at == prepared_.end()) {
        static std::atomic<std::uint64_t> made{0};  // no name comes twice
        const std::string name = "muster_" + std::to_string(made.fetch_add(1));
        if (libpq_.send_prepare(
                connection_, name.c_str(), sql.c_str(), raw.count(), raw.types.data()) == 0) {
            return failure(nullptr, "sending a statement");
        }
        MUSTER_TRY(flush());
        MUSTER_ASSIGN(auto prepared, collect("preparing a statement"));
        at = prepared_.emplace(sql, name).first;
    }
    if (libpq_.send_query_prepared(connection_,
                                   at->second.c_str(),
                                   raw.count(),
                                   raw.values.data(),
                                   raw.lengths.data(),
                                   raw.formats.data(),
                                   0) == 0) {
        return failure(nullptr, "sending a statement");
    }
    MUSTER_TRY(flush());
    auto rows = collect("running a statement");
    if (!rows.ok() && sqlstate_ == kPlanOutdated) {
        prepared_.erase(sql);
        Error error = std::move(rows).error();
        error.code = ErrorCode::kUnavailable;
        error.hint = "the tables were changed meanwhile; run again";
        return error;
    }
    return rows;
}

}  // namespace muster
