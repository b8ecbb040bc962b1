// What `muster doctor` tries at a store: listing, writing, reading and removing an object of its
// own, and comparing the clocks. One finding for each.
#pragma once

#include "storage/object_store.h"

#include <string>
#include <vector>

namespace muster {

struct StoreCheck {
    std::string check;    // "clean: put"
    std::string status;   // ok | warn | fail
    std::string message;  // names the place
    std::string remedy;   // "" if it is ok
};

// `what` is the section of the catalog. Without `writes` nothing is written: the first object below
// the store is read.
std::vector<StoreCheck> check_store(ObjectStore& store, const std::string& what, bool writes);

}  // namespace muster
