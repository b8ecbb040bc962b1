// The state store's tokens: revoked access tokens, families of refresh tokens, and the facts that
// other processes may change.
#include "core/limits.h"
#include "warehouse/postgres/postgres_state_store.h"
#include "warehouse/postgres/state_sql.h"
#include "warehouse/postgres/state_write.h"

namespace muster {
namespace {

using std::string_view;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

Result<void> insert_refresh(PgConnection& connection, const RefreshToken& token) {
    return change_rows(connection,
                       pg_sql::kRefreshInsert,
                       token.token_hash,
                       token.family,
                       token.user,
                       token.token_version,
                       token.expires_at_us,
                       token.spent_at_us);
}

}  // namespace

PostgresStateStore::~PostgresStateStore() {
    {
        const std::lock_guard lock(poll_mutex_);
        stop_ = true;
    }
    poll_stopped_.notify_all();
    if (poller_.joinable()) {
        poller_.join();
    }
}

// --- facts

// With facts_mutex_ held alone.
Result<void> PostgresStateStore::read_facts(PgConnection& connection) {
    MUSTER_ASSIGN(auto transaction,
                  PgTransaction::open(connection, "ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    const auto begun = steady_clock::now();
    MUSTER_ASSIGN(const auto version, connection.scalar(pg_sql::kFactsVersion));
    if (version != facts_version_) {
        std::unordered_map<std::string, TokenFacts::User> users;
        MUSTER_ASSIGN(auto rows, connection.query(pg_sql::kFactsUsers));
        while (rows.next()) {
            users[std::string(rows.text(0))] = {rows.int64(1), rows.boolean(2)};
        }
        std::unordered_map<std::string, std::int64_t> revoked;
        MUSTER_ASSIGN(auto tokens, connection.query(pg_sql::kRevokedSelect));
        while (tokens.next()) {
            if (tokens.int64(1) > clock_.now_us()) {
                revoked[std::string(tokens.text(0))] = tokens.int64(1);
            }
        }
        facts_.replace(std::move(users), std::move(revoked));
        facts_version_ = version;
    }
    facts_read_at_ = begun;
    return transaction.commit();
}

Result<void> PostgresStateStore::renew_facts() {
    const std::unique_lock lock(facts_mutex_);
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return read_facts(*lease);
}

void PostgresStateStore::start_polling() {
    const std::lock_guard lock(poll_mutex_);
    if (!poller_.joinable()) {
        poller_ = std::thread([this] { poll_facts(); });
    }
}

void PostgresStateStore::poll_facts() {
    std::unique_lock waiting(poll_mutex_);
    while (!poll_stopped_.wait_for(
        waiting, milliseconds(kTokenFactsPollMs), [this] { return stop_; })) {
        waiting.unlock();
        if (!renew_facts().ok()) {
            const std::unique_lock lock(facts_mutex_);
            if (steady_clock::now() - facts_read_at_ > milliseconds(kTokenFactsAgeMaxMs)) {
                // Somebody may have been locked out meanwhile: whoever comes is looked at anew.
                facts_.forget_users();
                facts_version_ = 0;
            }
        }
        waiting.lock();
    }
}

// --- revoked tokens

Result<void> PostgresStateStore::revoke(const RevokedToken& token) {
    const std::shared_lock lock(facts_mutex_);
    const auto steps = [&](PgConnection& connection) -> Result<void> {
        MUSTER_TRY(change_rows(connection, pg_sql::kRevokedInsert, token.jti, token.expires_at_us));
        return change_rows(connection, pg_sql::kFactsRaise);
    };
    MUSTER_TRY(write_state(pool_, steps));
    facts_.revoke(token.jti, token.expires_at_us);
    return {};
}

Result<std::vector<RevokedToken>> PostgresStateStore::revoked(std::int64_t now_us) {
    start_polling();
    const std::unique_lock lock(facts_mutex_);
    const auto steps = [&](PgConnection& connection) {
        return change_rows(connection, pg_sql::kRevokedExpire, now_us);
    };
    MUSTER_TRY(write_state(pool_, steps));
    facts_.forget_expired(now_us);
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto rows, lease->query(pg_sql::kRevokedSelect));
    std::vector<RevokedToken> tokens;
    while (rows.next()) {
        tokens.push_back({std::string(rows.text(0)), rows.int64(1)});
        facts_.revoke(tokens.back().jti, tokens.back().expires_at_us);
    }
    facts_read_at_ = steady_clock::now();
    return tokens;
}

// --- refresh tokens

Result<void> PostgresStateStore::add_refresh(const RefreshToken& token) {
    return write_state(pool_,
                       [&](PgConnection& connection) { return insert_refresh(connection, token); });
}

Result<std::optional<RefreshToken>> PostgresStateStore::find_refresh(string_view token_hash) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto rows, lease->query(pg_sql::kRefreshSelect, token_hash));
    if (!rows.next()) {
        return std::optional<RefreshToken>{};
    }
    return std::optional{RefreshToken{.token_hash = std::string(rows.text(0)),
                                      .family = std::string(rows.text(1)),
                                      .user = std::string(rows.text(2)),
                                      .token_version = rows.int64(3),
                                      .expires_at_us = rows.int64(4),
                                      .spent_at_us = rows.int64(5)}};
}

Result<bool> PostgresStateStore::rotate_refresh(string_view token_hash,
                                                const RefreshToken& successor,
                                                std::int64_t now_us) {
    std::int64_t spent = 0;
    const auto steps = [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(spent, connection.change(pg_sql::kRefreshSpend, now_us, token_hash));
        return spent == 0 ? Result<void>{} : insert_refresh(connection, successor);
    };
    MUSTER_TRY(write_state(pool_, steps));
    return spent != 0;
}

Result<void> PostgresStateStore::drop_family(string_view family) {
    return write_state(pool_, [&](PgConnection& connection) {
        return change_rows(connection, pg_sql::kRefreshDropFamily, family);
    });
}

Result<void> PostgresStateStore::drop_refresh_of(string_view user) {
    return write_state(pool_, [&](PgConnection& connection) {
        return change_rows(connection, pg_sql::kRefreshDropUser, user);
    });
}

}  // namespace muster
