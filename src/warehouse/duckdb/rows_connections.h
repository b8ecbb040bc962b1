// Connections that are kept between requests, each with the statements it has prepared: planning
// a statement costs more than running it for one row. Thread-safe; a lease is one thread's.
#pragma once

#include "engine/detail/duckdb_handle.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace muster {

class KeptConnection {
  public:
    explicit KeptConnection(Connection connection) : connection_(std::move(connection)) {}

    // A statement for this text, prepared at its first use. Valid until the next call.
    Result<Statement*> prepared(const std::string& sql);
    Connection& connection() { return connection_; }
    // Drops the statements that were prepared in another epoch.
    void enter(std::uint64_t epoch) {
        if (epoch != epoch_) {
            statements_.clear();
            epoch_ = epoch;
        }
    }

  private:
    Connection connection_;
    std::uint64_t epoch_ = 0;
    std::map<std::string, Statement> statements_;
};

class KeptConnections {
  public:
    // `schema_epoch` rises before and after every change of a table's schema or identity, so that
    // no statement outlives the table it was prepared for, whatever DuckDB notices by itself.
    explicit KeptConnections(const std::atomic<std::uint64_t>& schema_epoch)
        : schema_epoch_(schema_epoch) {}

    // Gives the connection back when it is destroyed.
    class Lease {
      public:
        Lease(KeptConnections& owner, std::unique_ptr<KeptConnection> kept)
            : owner_(&owner), kept_(std::move(kept)) {}
        ~Lease();
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        KeptConnection& operator*() const { return *kept_; }
        KeptConnection* operator->() const { return kept_.get(); }
        // After an error: nobody knows in which state it left the connection.
        void discard() { kept_.reset(); }

      private:
        KeptConnections* owner_;
        std::unique_ptr<KeptConnection> kept_;
    };

    Result<Lease> lease(Engine& engine);

  private:
    const std::atomic<std::uint64_t>& schema_epoch_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<KeptConnection>> idle_;
};

}  // namespace muster
