// Objects below a prefix of an S3 bucket.
#pragma once

#include "storage/object_store.h"

#include <memory>
#include <string>

namespace muster {

// For "s3://bucket/prefix". Reads the shared configuration files; sends nothing.
Result<std::unique_ptr<ObjectStore>> make_s3_store(const std::string& url,
                                                   const StoreOptions& options);

}  // namespace muster
