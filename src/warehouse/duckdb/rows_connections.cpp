#include "warehouse/duckdb/rows_connections.h"

namespace muster {
namespace {

constexpr std::size_t kIdleConnectionsMax = 8;
constexpr std::size_t kStatementsMax = 64;

}  // namespace

Result<Statement*> KeptConnection::prepared(const std::string& sql) {
    auto at = statements_.find(sql);
    if (at == statements_.end()) {
        if (statements_.size() >= kStatementsMax) {
            statements_.clear();
        }
        MUSTER_ASSIGN(Statement statement, connection_.prepare(sql));
        at = statements_.emplace(sql, std::move(statement)).first;
    }
    return &at->second;
}

KeptConnections::Lease::~Lease() {
    if (kept_ == nullptr) {
        return;
    }
    const std::lock_guard lock(owner_->mutex_);
    if (owner_->idle_.size() < kIdleConnectionsMax) {
        owner_->idle_.push_back(std::move(kept_));
    }
}

Result<KeptConnections::Lease> KeptConnections::lease(Engine& engine) {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto kept = std::move(idle_.back());
            idle_.pop_back();
            kept->enter(schema_epoch_.load());
            return Lease(*this, std::move(kept));
        }
    }
    MUSTER_ASSIGN(Connection connection, engine.handle().connect());
    auto kept = std::make_unique<KeptConnection>(std::move(connection));
    kept->enter(schema_epoch_.load());
    return Lease(*this, std::move(kept));
}

}  // namespace muster
