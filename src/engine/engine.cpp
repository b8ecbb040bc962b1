#include "engine/engine.h"

#include "engine/detail/duckdb_handle.h"

#include <algorithm>
#include <fstream>
#include <sched.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace muster {

namespace {

// DuckDB's limit binds its buffer manager only: joins were measured at 1.66 times their limit.
constexpr std::uint64_t kEngineSharePercent = 55;

constexpr const char* kDatabaseName = "warehouse";

std::uint64_t cgroup_memory_bytes() {
    for (const char* path :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::ifstream file(path);
        std::uint64_t bytes = 0;
        if (file >> bytes) {
            return bytes;
        }
    }
    return 0;
}

double cgroup_cores() {
    std::ifstream file("/sys/fs/cgroup/cpu.max");
    double quota = 0;
    double period = 0;
    if (file >> quota >> period && period > 0) {
        return quota / period;
    }
    return 0;
}

class Config {
  public:
    Config() { duckdb_create_config(&config_); }
    ~Config() { duckdb_destroy_config(&config_); }
    Config(const Config&) = delete;
    Config& operator=(const Config&) = delete;

    Config& set(const char* name, const std::string& value) {
        if (duckdb_set_config(config_, name, value.c_str()) == DuckDBError) {
            refused_ = name;
        }
        return *this;
    }
    const std::string& refused() const { return refused_; }
    duckdb_config raw() { return config_; }

  private:
    duckdb_config config_ = nullptr;
    std::string refused_;
};

Result<void> open_database(Engine::Handle& handle) {
    const EngineOptions& options = handle.options;
    Config config;
    config.set("autoinstall_known_extensions", "false")
        .set("autoload_known_extensions", "false")
        .set("allow_community_extensions", "false")
        .set("allow_persistent_secrets", "false")
        .set("memory_limit", std::to_string(handle.engine_memory_bytes) + "B")
        .set("threads", std::to_string(std::max<std::size_t>(options.threads, 1)))
        // Order comes from _position and ORDER BY; keeping it everywhere would serialise writing.
        .set("preserve_insertion_order", "false");
    if (!options.temp_dir.empty()) {
        config.set("temp_directory", options.temp_dir.string());
    }
    if (!config.refused().empty()) {
        return Error{
            ErrorCode::kInternal, "DuckDB refuses the setting " + config.refused(), "", ""};
    }
    const std::string path = options.database.empty() ? ":memory:" : options.database.string();
    char* text = nullptr;
    if (duckdb_open_ext(":memory:", &handle.database, config.raw(), &text) == DuckDBError) {
        Error error = duckdb_error(DUCKDB_ERROR_IO, text, "opening the engine");
        duckdb_free(text);
        return error;
    }
    // A file is attached under a fixed name: a main database would be called like its file, and
    // "muster.duckdb" with a schema "muster" makes every muster.<table> ambiguous.
    duckdb_connection raw = nullptr;
    duckdb_connect(handle.database, &raw);
    Connection connection(raw);
    if (auto attached = connection.execute("ATTACH " + sql_text(path) + " AS " + kDatabaseName);
        !attached.ok()) {
        const Error& error = attached.error();
        return duckdb_error(DUCKDB_ERROR_IO, error.detail, "opening " + path);
    }
    return {};
}

}  // namespace

Engine::Handle::~Handle() {
    if (database != nullptr) {
        duckdb_close(&database);
    }
}

Result<Connection> Engine::Handle::connect() {
    duckdb_connection connection = nullptr;
    if (duckdb_connect(database, &connection) == DuckDBError) {
        return Error{ErrorCode::kInternal, "DuckDB gives no connection", "", ""};
    }
    Connection opened(connection);
    MUSTER_TRY(opened.execute(std::string("USE ") + kDatabaseName));
    return opened;
}

Engine::Engine(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}

Engine::~Engine() {
    // The log is replayed at the next start if this fails.
    static_cast<void>(checkpoint().ok());
}

const EngineOptions& Engine::options() const { return handle_->options; }

Result<std::unique_ptr<Engine>> Engine::open(const EngineOptions& options) {
    std::error_code failed;
    if (!options.temp_dir.empty()) {
        std::filesystem::create_directories(options.temp_dir, failed);
    }
    if (!failed && options.database.has_parent_path()) {
        std::filesystem::create_directories(options.database.parent_path(), failed);
    }
    if (failed) {
        return Error{
            ErrorCode::kIo,
            "cannot make the folders for " + options.database.string() + ": " + failed.message(),
            "",
            ""};
    }
    auto handle = std::make_unique<Handle>();
    handle->options = options;
    handle->engine_memory_bytes =
        std::max<std::uint64_t>(options.memory_limit_bytes / 100 * kEngineSharePercent, 64U << 20);
    if (!options.database.empty()) {
        MUSTER_ASSIGN(handle->whole_writes, WholeWrites::open(options.database));
    }
    MUSTER_TRY(open_database(*handle));
    if (handle->whole_writes) {
        MUSTER_TRY(handle->whole_writes->guard());
    }
    MUSTER_TRY(register_functions(*handle));
    {
        MUSTER_ASSIGN(auto connection, handle->connect());
        MUSTER_TRY(connection.execute("SET GLOBAL TimeZone = 'UTC'"));
    }
    std::unique_ptr<Engine> engine(new Engine(std::move(handle)));
    MUSTER_TRY(engine->checkpoint());
    return engine;
}

Result<void> Engine::checkpoint() {
    MUSTER_ASSIGN(auto connection, handle_->connect());
    return connection.execute(std::string("CHECKPOINT ") + kDatabaseName);
}

Result<void> Engine::check() {
    MUSTER_ASSIGN(auto connection, handle_->connect());
    return connection.execute("SELECT 1");
}

std::uint64_t machine_memory_bytes() {
    const auto physical = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                          static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const std::uint64_t group = cgroup_memory_bytes();
    return group == 0 ? physical : std::min(physical, group);
}

std::size_t machine_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    double cores = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        cores = CPU_COUNT(&set);
    }
    if (const double quota = cgroup_cores(); quota > 0) {
        cores = std::min(cores, quota);
    }
    return std::max<std::size_t>(static_cast<std::size_t>(cores), 1);
}

}  // namespace muster
