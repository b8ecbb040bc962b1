#include "warehouse/server_checks.h"

#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/connection.h"
#include "warehouse/warehouse.h"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

namespace muster {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
// Leases go by the server's clock alone; times in the ledger and of tokens are those of each
// machine.
constexpr std::int64_t kSkewUsWarn = 5 * kMicrosecondsPerSecond;

constexpr const char* kEncoding = "SELECT current_setting('server_encoding')";
constexpr const char* kWrites =
    "SELECT pg_is_in_recovery()::int, current_setting('transaction_read_only')";
constexpr const char* kDurability =
    "SELECT current_setting('synchronous_commit'), current_setting('fsync')";
constexpr const char* kServerTime =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
constexpr const char* kRights =
    "SELECT current_user, current_database(), coalesce(current_schema(), ''),"
    " has_database_privilege(current_database(), 'CREATE'),"
    " coalesce(has_schema_privilege(current_schema(), 'USAGE'), false),"
    " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),"
    " EXISTS (SELECT FROM pg_namespace WHERE nspname = 'muster'),"
    " coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace"
    " WHERE nspname = 'muster'), false)";
constexpr const char* kBackend = "SELECT pg_backend_pid()";

class ServerProbe {
  public:
    ServerProbe(PgOptions options, std::string what, const Clock& clock, const CancelToken* cancel)
        : options_(std::move(options)), what_(std::move(what)), clock_(clock), cancel_(cancel) {}

    std::vector<ServerCheck> look() {
        auto opened = PgConnection::open(options_, cancel_);
        if (!opened.ok()) {
            // A server that is too old was reached.
            const bool old = opened.error().code == ErrorCode::kConflict;
            fail(old ? "version" : "server", opened.error());
            return std::move(checks_);
        }
        connection_ = std::move(opened).value();
        note("server", "ok", connection_->place(), "");
        const int version = connection_->server_version();
        note(
            "version", "ok", fmt::format("PostgreSQL {}.{}", version / 10000, version % 10000), "");
        for (const auto& [check, ask] : {std::pair{"encoding", &ServerProbe::encoding},
                                         std::pair{"writes", &ServerProbe::writes},
                                         std::pair{"rights", &ServerProbe::rights},
                                         std::pair{"clock", &ServerProbe::compare_clocks},
                                         std::pair{"pooler", &ServerProbe::pooler},
                                         std::pair{"durability", &ServerProbe::durability}}) {
            if (const auto done = (this->*ask)(); !done.ok()) {
                fail(check, done.error());
            }
        }
        return std::move(checks_);
    }

  private:
    void note(const std::string& check,
              const char* status,
              std::string message,
              std::string remedy) {
        checks_.push_back(
            {fmt::format("{}: {}", what_, check), status, std::move(message), std::move(remedy)});
    }

    void fail(const std::string& check, const Error& error) {
        note(check,
             "fail",
             error.message,
             error.hint.empty() ? fmt::format("check [{}] url", what_) : error.hint);
    }

    Result<void> encoding() {
        MUSTER_ASSIGN(auto rows, connection_->query(kEncoding));
        const std::string found = rows.next() ? std::string(rows.text(0)) : "";
        const bool good = found == "UTF8";
        note("encoding",
             good ? "ok" : "fail",
             found,
             good ? "" : "make the database anew: createdb -E UTF8 -T template0 NAME");
        return {};
    }

    Result<void> writes() {
        MUSTER_ASSIGN(auto rows, connection_->query(kWrites));
        MUSTER_CHECK(rows.next());
        if (rows.int64(0) != 0) {
            note("writes",
                 "fail",
                 "a standby: it takes no writes",
                 "connect to the primary: add target_session_attrs=read-write to the URL");
        } else if (rows.text(1) == "on") {
            note("writes",
                 "fail",
                 "default_transaction_read_only is on",
                 "ALTER ROLE or ALTER DATABASE .. RESET default_transaction_read_only");
        } else {
            note("writes", "ok", "it takes them", "");
        }
        return {};
    }

    Result<void> rights() {
        MUSTER_ASSIGN(auto rows, connection_->query(kRights));
        MUSTER_CHECK(rows.next());
        const std::string role = sql::identifier(rows.text(0));
        const std::string database = sql::identifier(rows.text(1));
        const std::string schema = std::string(rows.text(2));
        const bool ledger_there = rows.boolean(6);
        if (schema.empty()) {
            note("rights",
                 "fail",
                 "no schema of the search_path exists, or the role may not use it",
                 "make the schema, grant USAGE on it, or set search_path of the role");
            return {};
        }
        std::string lacking;
        std::string remedy;
        const auto need = [&](bool there, std::string_view right, std::string_view on) {
            if (!there) {
                lacking += fmt::format("{}{} on {}", lacking.empty() ? "" : ", ", right, on);
                remedy += fmt::format("GRANT {} ON {} TO {}; ", right, on, role);
            }
        };
        need(ledger_there || rows.boolean(3), "CREATE", "DATABASE " + database);
        need(!ledger_there || rows.boolean(7), "USAGE", "SCHEMA muster");
        need(rows.boolean(4), "USAGE", "SCHEMA " + sql::identifier(schema));
        need(rows.boolean(5), "CREATE", "SCHEMA " + sql::identifier(schema));
        if (lacking.empty()) {
            note("rights",
                 "ok",
                 fmt::format("{} may make tables in the schema {}", rows.text(0), schema),
                 "");
        } else {
            remedy.resize(remedy.size() - 2);
            note("rights", "fail", fmt::format("{} lacks {}", rows.text(0), lacking), remedy);
        }
        return {};
    }

    Result<void> compare_clocks() {
        const std::int64_t before = clock_.now_us();
        MUSTER_ASSIGN(const auto server, connection_->scalar(kServerTime));
        const std::int64_t after = clock_.now_us();
        const std::int64_t ahead = server < before  ? server - before
                                   : server > after ? server - after
                                                    : 0;
        const std::int64_t off = std::abs(ahead);
        const bool good = off < kSkewUsWarn;
        note("clock",
             good ? "ok" : "warn",
             fmt::format("the server's clock is {} s {} ours",
                         off / kMicrosecondsPerSecond,
                         ahead < 0 ? "behind" : "ahead of"),
             good ? "" : "set the clocks of both machines (NTP)");
        return {};
    }

    // A pooler answers for a server process that it gives to others between transactions: while
    // somebody else is in one, ours is another one than before.
    Result<void> pooler() {
        MUSTER_ASSIGN(const auto before, connection_->scalar(kBackend));
        MUSTER_ASSIGN(auto other, PgConnection::open(options_, cancel_));
        MUSTER_ASSIGN(auto transaction, PgTransaction::open(*other));
        MUSTER_ASSIGN(const auto theirs, other->scalar(kBackend));
        MUSTER_ASSIGN(const auto after, connection_->scalar(kBackend));
        if (before != after || theirs == before) {
            note("pooler",
                 "fail",
                 "a pooler gives a session to several clients in turns",
                 "connect to the server itself, or set pool_mode = session");
        } else if (before != connection_->backend_pid()) {
            note("pooler", "ok", "a pooler that keeps a session for each client", "");
        } else {
            note("pooler", "ok", "none", "");
        }
        return {};
    }

    Result<void> durability() {
        MUSTER_ASSIGN(auto rows, connection_->query(kDurability));
        MUSTER_CHECK(rows.next());
        const bool commits = rows.text(0) != "off";
        const bool syncs = rows.text(1) == "on";
        note("durability",
             commits && syncs ? "ok" : "warn",
             fmt::format("synchronous_commit is {}, fsync is {}", rows.text(0), rows.text(1)),
             !syncs     ? "a crash may destroy the database: turn fsync on"
             : !commits ? "a crash of the server loses what it acknowledged last: ALTER ROLE .. SET"
                          " synchronous_commit = on"
                        : "");
        return {};
    }

    const PgOptions options_;
    const std::string what_;
    const Clock& clock_;
    const CancelToken* cancel_;
    std::unique_ptr<PgConnection> connection_;
    std::vector<ServerCheck> checks_;
};

}  // namespace

std::vector<ServerCheck> check_postgres(const std::string& url,
                                        const std::string& what,
                                        const Clock& clock,
                                        const CancelToken* cancel) {
    if (warehouse_kind(url) != WarehouseKind::kPostgres) {
        return {};
    }
    return ServerProbe({.url = url, .refusal = std::nullopt}, what, clock, cancel).look();
}

}  // namespace muster
