// What `muster doctor` tries at a store: listing, writing, reading and removing an object of its
// own, and comparing the clocks. One finding for each.
#pragma once

#include "storage/object_store.h"
#include "warehouse/server_checks.h"

#include <string>
#include <vector>

namespace muster {

// One of doctor's answers, whatever was looked at.
using Finding = ServerCheck;

// `what` is the section of the catalog. Without `writes` nothing is written: the first object below
// the store is read.
std::vector<Finding> check_store(ObjectStore& store, const std::string& what, bool writes);

}  // namespace muster
