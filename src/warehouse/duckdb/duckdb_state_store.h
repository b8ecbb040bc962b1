// The state store in DuckDB. One mutex makes "look, then write" one step. A write that conflicts
// with one of another part of the warehouse is tried again.
#pragma once

#include "engine/engine.h"
#include "warehouse/state_store.h"

#include <mutex>

namespace muster {

class DuckdbStateStore final : public StateStore {
  public:
    explicit DuckdbStateStore(Engine& engine) : engine_(engine) {}

    Result<bool> add_user(UserRecord user, std::string_view first_role) override;
    Result<std::optional<UserRecord>> find_user(std::string_view name) override;
    Result<std::vector<UserRecord>> users() override;
    Result<UserChange> change_user(const UserRecord& user, std::int64_t version_before) override;

    const TokenFacts& facts() const override { return facts_; }
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
    Engine& engine_;
    TokenFacts facts_;
    std::mutex mutex_;
};

}  // namespace muster
