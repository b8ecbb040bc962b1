// The objects that COPY reads and UNLOAD writes, below a folder of the clean store that no table
// can be called. Its name does not begin with '_' or '.': COPY of Parquet reads by Spectrum, which
// takes such names as hidden. Thread-safe.
#pragma once

#include "core/result.h"
#include "storage/object_store.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/warehouse.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace muster::redshift {

struct StagedObject {
    std::string url;  // s3://...
    std::uint64_t bytes = 0;
};

// The manifest that COPY takes: every object must be there, and be of just its size.
std::string copy_manifest(const std::vector<StagedObject>& objects);

// What a manifest of UNLOAD ... MANIFEST VERBOSE counts. kVerification if it is none.
struct UnloadedFiles {
    std::vector<StagedObject> objects;
    std::int64_t rows = 0;
};
Result<UnloadedFiles> parse_unload_manifest(const std::string& json);

// Writes a Parquet file.
using FileMaker = std::function<Result<void>(const std::filesystem::path& file)>;

class Staging {
  public:
    static constexpr const char* kRoot = "muster-staging/";

    // Opens nothing yet.
    explicit Staging(WarehouseOptions options) : options_(std::move(options)) {}

    // kUsage unless [clean] url is s3://.
    Result<void> check() const;
    // The URL of an object of the clean store.
    std::string url(const std::string& key) const;
    std::string role() const { return options_.copy_role; }

    // "muster-staging/<name>/"
    static std::string folder(const std::string& name) { return kRoot + name + "/"; }
    // A folder for an UNLOAD of the table, which no other has.
    static std::string unload_folder(const std::string& table, std::int64_t now_us) {
        return folder("unload-" + table + "-" + std::to_string(now_us));
    }
    // A folder for what doctor tries, which no other has.
    static std::string doctor_folder(std::int64_t now_us) {
        return folder("doctor-" + std::to_string(now_us));
    }
    // Makes an object of a file that `make` writes.
    Result<StagedObject> put(const std::string& key, const FileMaker& make);
    Result<StagedObject> put_file(const std::string& key, const std::filesystem::path& file);
    // A manifest of these objects, for COPY.
    Result<CopyTarget> put_manifest(const std::string& key,
                                    const std::vector<StagedObject>& objects);
    Result<void> clear(const std::string& folder);
    // The folders that are there, as they are named above.
    struct Folder {
        std::string name;
        bool of_unload = false;
        std::optional<std::int64_t> of_doctor_us;  // when doctor made it
    };
    Result<std::vector<Folder>> folders();
    Result<ObjectStore*> store();

  private:
    const WarehouseOptions options_;
    std::mutex mutex_;
    std::unique_ptr<ObjectStore> store_;
};

}  // namespace muster::redshift
