// The state store in PostgreSQL. Several processes share it: what must be unique is so by a
// constraint, and every "look, then write" is one statement. A thread reads the facts of tokens
// again every kTokenFactsPollMs, once revoked() was called.
#pragma once

#include "core/clock.h"
#include "warehouse/postgres/occurrence_holder.h"
#include "warehouse/postgres/pool.h"
#include "warehouse/state_store.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace muster {

class PostgresStateStore final : public StateStore {
  public:
    PostgresStateStore(PostgresPool& pool, const Clock& clock)
        : pool_(pool), clock_(clock), holder_(pool) {}
    ~PostgresStateStore() override;

    Result<bool> add_user(UserRecord user, std::string_view first_role) override;
    Result<std::optional<UserRecord>> find_user(std::string_view name) override;
    Result<std::vector<UserRecord>> users() override;
    Result<UserChange> change_user(const UserRecord& user, std::int64_t version_before) override;

    const TokenFacts& facts() const override { return facts_; }
    Result<void> renew_facts() override;
    Result<void> revoke(const RevokedToken& token) override;
    Result<std::vector<RevokedToken>> revoked(std::int64_t now_us) override;
    Result<void> add_refresh(const RefreshToken& token) override;
    Result<std::optional<RefreshToken>> find_refresh(std::string_view token_hash) override;
    Result<bool> rotate_refresh(std::string_view token_hash,
                                const RefreshToken& successor,
                                std::int64_t now_us) override;
    Result<void> drop_family(std::string_view family) override;
    Result<void> drop_refresh_of(std::string_view user) override;

    Result<std::optional<Stored>> find_answer(std::string_view scope,
                                              std::string_view key,
                                              std::int64_t now_us) override;
    Result<void> store_answer(const IdempotencyKey& key,
                              const StoredAnswer& answer,
                              std::int64_t expires_at_us) override;

    Result<void> add_audit(const AuditEntry& entry) override;
    Result<std::vector<AuditEntry>> audit(std::int64_t limit) override;
    Result<void> expire(std::int64_t now_us, int audit_days) override;

    Result<std::int64_t> scheduled_since(std::string_view job,
                                         std::string_view definition,
                                         std::int64_t now_us) override;
    Result<bool> claim_occurrence(std::string_view job,
                                  std::int64_t planned_at_us,
                                  std::int64_t now_us) override;
    Result<void> finish_occurrence(std::string_view job,
                                   std::int64_t planned_at_us,
                                   std::string_view outcome,
                                   std::string_view detail,
                                   std::int64_t now_us) override;
    Result<std::int64_t> interrupt_occurrences(std::string_view job, std::int64_t now_us) override;
    Result<std::optional<OccurrenceRecord>> last_occurrence(std::string_view job,
                                                            std::int64_t until_us) override;

  private:
    Result<void> read_facts(PgConnection& connection);
    void poll_facts();
    void start_polling();

    PostgresPool& pool_;
    const Clock& clock_;
    OccurrenceHolder holder_;
    TokenFacts facts_;
    // Shared by a write together with its note in facts_, so that facts that were read before the
    // write never take the place of the note.
    std::shared_mutex facts_mutex_;
    std::int64_t facts_version_ = 0;  // that facts_ show
    std::chrono::steady_clock::time_point facts_read_at_;

    std::mutex poll_mutex_;
    std::condition_variable poll_stopped_;
    bool stop_ = false;
    std::thread poller_;
};

}  // namespace muster
