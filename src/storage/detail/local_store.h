// The store of a local folder. Writes go to a temporary name beside the object, are fsynced and
// renamed, and then the folder is fsynced: an object is there in full or not at all.
#pragma once

#include "storage/object_store.h"

namespace muster {

std::unique_ptr<ObjectStore> make_local_store(const std::filesystem::path& root,
                                              const StoreOptions& options);

// Temporary files end with this; list() leaves them out.
inline constexpr std::string_view kPartialSuffix = ".partial";

}  // namespace muster
