// The embedded DuckDB: one instance per process and database file. It is the warehouse of a laptop
// and, in memory, the tool that writes and reads Parquet for every other warehouse. An Engine may
// be used from several threads; each connection by one at a time.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace muster {

struct EngineOptions {
    std::filesystem::path database;    // empty: in memory
    std::filesystem::path temp_dir;    // for spilling; made if absent
    std::uint64_t memory_limit_bytes;  // of the whole process; the engine gets its share of it
    std::size_t threads = 1;
};

class Engine {
  public:
    // Opens and hardens the database: no extension is loaded or installed by itself. kBusy if
    // another process holds the file; kIo if the file cannot be read or written.
    static Result<std::unique_ptr<Engine>> open(const EngineOptions& options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Writes the log into the database file. Called after DDL, after opening and before closing.
    Result<void> checkpoint();

    // Whether the database still answers. After a fatal error it refuses everything until it is
    // opened again (facts: DuckDB invalidates it, rightly, as it cannot tell what is on disk).
    Result<void> check();

    const EngineOptions& options() const;

    struct Handle;  // engine/detail/duckdb_handle.h, for engine and warehouse/duckdb only
    Handle& handle() { return *handle_; }

  private:
    explicit Engine(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

// The memory the process may use and the cores it may run on, from the cgroup and the machine.
std::uint64_t machine_memory_bytes();
std::size_t machine_threads();

}  // namespace muster
