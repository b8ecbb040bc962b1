// Connections that are kept between requests, each with the statements it has prepared: planning
// a statement costs more than running it for one row. Thread-safe; a lease is one thread's.
#pragma once

#include "engine/detail/duckdb_handle.h"

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

  private:
    Connection connection_;
    std::map<std::string, Statement> statements_;
};

class KeptConnections {
  public:
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
    std::mutex mutex_;
    std::vector<std::unique_ptr<KeptConnection>> idle_;
};

}  // namespace muster
