// The state store's tokens: revoked access tokens and families of refresh tokens.
#include "warehouse/duckdb/duckdb_state_store.h"
#include "warehouse/duckdb/state_sql.h"

namespace muster {
namespace {

using std::string_view;

Result<void> insert_refresh(Connection& connection, const RefreshToken& token) {
    return change_rows(connection,
                       sql::kRefreshInsert,
                       string_view(token.token_hash),
                       string_view(token.family),
                       string_view(token.user),
                       token.token_version,
                       token.expires_at_us,
                       token.spent_at_us);
}

}  // namespace

Result<void> DuckdbStateStore::revoke(const RevokedToken& token) {
    const std::lock_guard lock(mutex_);
    const auto steps = [&](Connection& connection) -> Result<void> {
        MUSTER_ASSIGN(const auto known,
                      connection.scalar(sql::kRevokedCount, string_view(token.jti)));
        return known != 0 ? Result<void>{}
                          : change_rows(connection,
                                        sql::kRevokedInsert,
                                        string_view(token.jti),
                                        token.expires_at_us);
    };
    MUSTER_TRY(write_state(engine_, steps));
    facts_.revoke(token.jti, token.expires_at_us);
    return {};
}

Result<std::vector<RevokedToken>> DuckdbStateStore::revoked(std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    const auto steps = [&](Connection& connection) {
        return change_rows(connection, sql::kRevokedExpire, now_us);
    };
    MUSTER_TRY(write_state(engine_, steps));
    facts_.forget_expired(now_us);
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kRevokedSelect));
    std::vector<RevokedToken> tokens;
    while (true) {
        MUSTER_ASSIGN(const bool found, rows.next());
        if (!found) {
            return tokens;
        }
        tokens.push_back({std::string(rows.text(0)), rows.int64(1)});
        facts_.revoke(tokens.back().jti, tokens.back().expires_at_us);
    }
}

Result<void> DuckdbStateStore::add_refresh(const RefreshToken& token) {
    const std::lock_guard lock(mutex_);
    return write_state(engine_,
                       [&](Connection& connection) { return insert_refresh(connection, token); });
}

Result<std::optional<RefreshToken>> DuckdbStateStore::find_refresh(string_view token_hash) {
    MUSTER_ASSIGN(auto connection, engine_.handle().connect());
    MUSTER_ASSIGN(auto rows, connection.query(sql::kRefreshSelect, token_hash));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found) {
        return std::optional<RefreshToken>{};
    }
    return std::optional{RefreshToken{.token_hash = std::string(rows.text(0)),
                                      .family = std::string(rows.text(1)),
                                      .user = std::string(rows.text(2)),
                                      .token_version = rows.int64(3),
                                      .expires_at_us = rows.int64(4),
                                      .spent_at_us = rows.int64(5)}};
}

Result<bool> DuckdbStateStore::rotate_refresh(string_view token_hash,
                                              const RefreshToken& successor,
                                              std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    std::int64_t spent = 0;
    const auto steps = [&](Connection& connection) -> Result<void> {
        MUSTER_ASSIGN(spent, connection.change(sql::kRefreshSpend, now_us, token_hash));
        return spent == 0 ? Result<void>{} : insert_refresh(connection, successor);
    };
    MUSTER_TRY(write_state(engine_, steps));
    return spent != 0;
}

Result<void> DuckdbStateStore::drop_family(string_view family) {
    const std::lock_guard lock(mutex_);
    return write_state(engine_, [&](Connection& connection) {
        return change_rows(connection, sql::kRefreshDropFamily, family);
    });
}

Result<void> DuckdbStateStore::drop_refresh_of(string_view user) {
    const std::lock_guard lock(mutex_);
    return write_state(engine_, [&](Connection& connection) {
        return change_rows(connection, sql::kRefreshDropUser, user);
    });
}

}  // namespace muster
