#include "warehouse/redshift/data_session.h"

#include "warehouse/postgres/errors.h"
#include "warehouse/redshift/connection.h"
#include "warehouse/redshift/data_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "aws/retry.h"

namespace muster::redshift {
namespace {

// Between two statements of a load there may be an upload of its rejects.
constexpr std::int64_t kKeepAliveSeconds = 300;
// An idle session is not used when so little of that is left.
constexpr std::int64_t kSpareSeconds = 30;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
// The service answers earlier if the statement ends; a service that does not wait is asked again
// after a pause, which grows.
constexpr std::int64_t kWaitSeconds = 10;
constexpr std::int64_t kPauseMsFirst = 10;
constexpr std::int64_t kPauseMsMax = 1'000;
constexpr const char* kStopped = "57014";
constexpr std::int64_t kStopGraceMs = 5'000;
constexpr std::size_t kParamsMax = 1'000;  // so that INSERT stays below the length of a statement

class DataSession final : public PgRemote {
  public:
    DataSession(std::shared_ptr<DataApi> api, const Clock& clock)
        : api_(std::move(api)), clock_(clock), used_at_ns_(clock.monotonic_ns()) {}
    ~DataSession() override;

    Result<void> begin(const CancelToken* cancel);
    Result<PgRows> run(const std::string& sql,
                       const PgParams& params,
                       const CancelToken* cancel) override;
    Result<std::unique_ptr<PgPages>> open(const std::string& sql,
                                          const PgParams& params,
                                          const CancelToken* cancel) override;
    const std::string& sqlstate() const override { return sqlstate_; }
    bool usable() const override { return usable_; }
    bool idle() const override { return !in_transaction_; }
    bool ended() const override;
    const std::string& place() const override { return api_->place(); }

  private:
    struct Done {
        std::string id;
        DataStatus status;
    };
    // Submits and waits for the end.
    Result<Done> finish(const DataRequest& request, const CancelToken* cancel);
    // `word` is the statement's first.
    Result<DataStatus> await(const std::string& id,
                             const std::string& word,
                             const CancelToken* cancel);
    Error stop(const std::string& id, const std::string& word);
    Error failed(const DataStatus& status);
    Error lost(const Error& error);
    void follow(const std::string& word);
    bool expired() const;

    std::shared_ptr<DataApi> api_;
    const Clock& clock_;
    std::int64_t used_at_ns_;
    std::string session_;
    std::string sqlstate_;
    bool usable_ = true;
    bool lost_ = false;   // it is gone, or nobody answers for it
    bool begun_ = false;  // a first statement has shown that login and database are good
    bool in_transaction_ = false;
    bool aborted_ = false;  // a statement of the transaction has failed
};

class DataPages final : public PgPages {
  public:
    DataPages(std::shared_ptr<DataApi> api, std::string id, const CancelToken* cancel)
        : api_(std::move(api)), id_(std::move(id)), cancel_(cancel) {}

    Result<PgRows> next(bool& last) override {
        MUSTER_ASSIGN(PgTable page, api_->result(id_, token_, cancel_));
        last = token_.empty();
        return PgRows(std::move(page));
    }

  private:
    std::shared_ptr<DataApi> api_;
    const std::string id_;
    const CancelToken* cancel_;
    std::string token_;
};

DataSession::~DataSession() {
    if (!lost_ && !session_.empty() && !expired()) {
        // A transaction that is open, and the session, end now and not in some minutes. If that
        // fails, they end then. What nobody uses any more may have one too.
        bool refused = false;
        static_cast<void>(api_->submit({.sqls = {in_transaction_ ? "ROLLBACK" : "SELECT 1"},
                                        .parameters = {},
                                        .session = session_,
                                        .keep_alive_seconds = 0},
                                       nullptr,
                                       refused)
                              .ok());
    }
}

bool DataSession::expired() const {
    return clock_.monotonic_ns() - used_at_ns_ >
           (kKeepAliveSeconds - kSpareSeconds) * kNanosecondsPerSecond;
}

bool DataSession::ended() const { return !usable_ || expired(); }

Error DataSession::lost(const Error& error) {
    usable_ = false;
    lost_ = true;
    sqlstate_.clear();
    Error out = connection_lost(error.message, "the Data API", place());
    out.message += " (" + error.message + ")";
    if (!error.hint.empty()) {
        out.hint = error.hint;
    }
    return out;
}

Error DataSession::failed(const DataStatus& status) {
    if (status.state == DataState::kStopped && status.error.empty()) {
        sqlstate_ = kStopped;
        aborted_ = in_transaction_;
        return dialect().error(sqlstate_, "the statement was stopped", "the Data API", place());
    }
    DataFailure failure = read_data_failure(status.error);
    if (!failure.of_statement && begun_) {
        return lost(Error{ErrorCode::kUnavailable, std::move(failure.text), "", ""});
    }
    sqlstate_ = std::move(failure.sqlstate);
    if (in_transaction_) {
        aborted_ = true;
    }
    return dialect().error(sqlstate_, failure.text, "running a statement", place());
}

// Told to stop, it is awaited for a moment, so that what it holds is free. It may have finished
// before it heard of that.
Error DataSession::stop(const std::string& id, const std::string& word) {
    const auto stopped = api_->stop(id);
    for (std::int64_t waited_ms = 0; stopped.ok() && waited_ms < kStopGraceMs;) {
        const auto status = api_->describe(id, 0, nullptr);
        if (status.ok() && status->state != DataState::kRunning) {
            used_at_ns_ = clock_.monotonic_ns();
            if (status->state == DataState::kFinished) {
                follow(word);
            }
            aborted_ = in_transaction_;
            return stopped_on_request();
        }
        const std::int64_t pause_ms = std::clamp(waited_ms, kPauseMsFirst, kPauseMsMax);
        static_cast<void>(wait_ms(pause_ms, nullptr));
        waited_ms += pause_ms;
    }
    usable_ = false;
    lost_ = !stopped.ok();
    return stopped_on_request();
}

Result<DataStatus> DataSession::await(const std::string& id,
                                      const std::string& word,
                                      const CancelToken* cancel) {
    std::int64_t pause_ms = kPauseMsFirst;
    for (;;) {
        auto status = api_->describe(id, kWaitSeconds, cancel);
        const bool stopping = cancel != nullptr && cancel->cancelled();
        if (status.ok() && status->state != DataState::kRunning) {
            return status;
        }
        if (stopping) {
            return stop(id, word);
        }
        if (!status.ok()) {
            return lost(status.error());
        }
        if (!wait_ms(pause_ms, cancel)) {
            return stop(id, word);
        }
        pause_ms = std::min(pause_ms * 2, kPauseMsMax);
    }
}

Result<DataSession::Done> DataSession::finish(const DataRequest& request,
                                              const CancelToken* cancel) {
    sqlstate_.clear();
    if (!usable_) {
        return lost(Error{ErrorCode::kUnavailable, "the session has ended", "", ""});
    }
    bool refused = false;
    auto submitted = api_->submit(request, cancel, refused);
    if (!submitted.ok()) {
        Error error = std::move(submitted).error();
        if (error.code == ErrorCode::kCancelled) {
            usable_ = false;  // it may have been taken
            return error;
        }
        if (!refused && error.code != ErrorCode::kUnavailable) {
            // No credentials, or no TLS: says more than that the connection was lost.
            usable_ = false;
            lost_ = true;
            return error;
        }
        const bool of_session =
            !session_.empty() && error.message.find("ession") != std::string::npos;
        return refused && !of_session ? error : lost(error);
    }
    if (session_.empty()) {
        session_ = submitted->session;
    }
    const std::string word = first_word(request.sqls.front());
    MUSTER_ASSIGN(DataStatus status, await(submitted->id, word, cancel));
    used_at_ns_ = clock_.monotonic_ns();
    if (status.state != DataState::kFinished) {
        return failed(status);
    }
    follow(word);
    if (session_.empty()) {
        session_ = status.session;
    }
    return Done{submitted->id, std::move(status)};
}

Result<void> DataSession::begin(const CancelToken* cancel) {
    DataRequest request;
    request.keep_alive_seconds = kKeepAliveSeconds;
    std::string settings = dialect().session;
    for (std::size_t end = 0; !settings.empty(); settings.erase(0, end)) {
        end = std::min(settings.find(';') + 1, settings.size());
        end = end == 0 ? settings.size() : end;
        const bool closed = settings[end - 1] == ';';
        request.sqls.push_back(settings.substr(0, closed ? end - 1 : end));
    }
    auto done = finish(request, cancel);
    if (!done.ok()) {
        Error error = std::move(done).error();
        if (error.code == ErrorCode::kInternal) {
            return connect_error(error.message, place(), api_->login());
        }
        return error;
    }
    if (session_.empty()) {
        return Error{ErrorCode::kUnavailable,
                     place() + ": the Data API has opened no session",
                     "check that the endpoint is that of AWS",
                     ""};
    }
    begun_ = true;
    return {};
}

// The state of the transaction, after a statement that was done.
void DataSession::follow(const std::string& word) {
    if (word == "begin" || word == "start") {
        in_transaction_ = true;
        aborted_ = false;
    } else if (word == "commit" || word == "end" || word == "rollback" || word == "abort") {
        in_transaction_ = false;
        aborted_ = false;
    }
}

Result<std::unique_ptr<PgPages>> DataSession::open(const std::string& sql,
                                                   const PgParams& params,
                                                   const CancelToken* cancel) {
    DataSql named = name_parameters(sql, params);
    MUSTER_ASSIGN(Done done,
                  finish({.sqls = {std::move(named.sql)},
                          .parameters = std::move(named.parameters),
                          .session = session_,
                          .keep_alive_seconds = kKeepAliveSeconds},
                         cancel));
    if (!done.status.has_rows) {
        return Error{ErrorCode::kUsage,
                     "the statement returns no rows",
                     "a query is one SELECT that changes nothing",
                     ""};
    }
    return std::unique_ptr<PgPages>(std::make_unique<DataPages>(api_, std::move(done.id), cancel));
}

Result<PgRows> DataSession::run(const std::string& sql,
                                const PgParams& params,
                                const CancelToken* cancel) {
    const std::string word = first_word(sql);
    // In a transaction that has failed COMMIT is a ROLLBACK, and the service does not say so.
    const bool commits = word == "commit" || word == "end";
    const bool rolls_back = commits && aborted_;
    DataSql named = name_parameters(rolls_back ? "ROLLBACK" : sql, params);
    MUSTER_ASSIGN(Done done,
                  finish({.sqls = {std::move(named.sql)},
                          .parameters = std::move(named.parameters),
                          .session = session_,
                          .keep_alive_seconds = kKeepAliveSeconds},
                         cancel));
    PgTable table;
    if (done.status.has_rows) {
        std::string token;
        do {
            MUSTER_ASSIGN(PgTable page, api_->result(done.id, token, cancel));
            table.columns = std::move(page.columns);
            std::move(page.rows.begin(), page.rows.end(), std::back_inserter(table.rows));
        } while (!token.empty());
    }
    table.rows_changed = std::max<std::int64_t>(done.status.rows, 0);
    table.command = rolls_back ? "ROLLBACK" : commits ? "COMMIT" : "";
    return PgRows(std::move(table));
}

}  // namespace

const PgDialect& data_dialect() {
    static const PgDialect kDialect = [] {
        PgDialect made = dialect();
        made.params_max = kParamsMax;
        return made;
    }();
    return kDialect;
}

Result<std::unique_ptr<PgRemote>> open_data_session(std::shared_ptr<DataApi> api,
                                                    const Clock& clock,
                                                    const CancelToken* cancel) {
    auto session = std::make_unique<DataSession>(std::move(api), clock);
    MUSTER_TRY(session->begin(cancel));
    return std::unique_ptr<PgRemote>(std::move(session));
}

}  // namespace muster::redshift
