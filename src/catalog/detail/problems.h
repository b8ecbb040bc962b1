// Where the checks of a catalog write what they find, so that one reading shows every error.
#pragma once

#include "catalog/catalog.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace muster {

// 1-based, in characters.
struct Place {
    std::size_t line = 1;
    std::size_t column = 1;
};

class Problems {
  public:
    explicit Problems(std::string file) : file_(std::move(file)) {}

    void add(Place place, std::string message) { add_in(file_, place, std::move(message)); }
    void add_in(const std::string& file, Place place, std::string message) {
        found_.push_back({file, place.line, place.column, std::move(message)});
    }
    bool empty() const { return found_.empty(); }

    // In the order of file (the catalog first), line and column.
    std::vector<CatalogProblem> sorted() const;

  private:
    std::string file_;
    std::vector<CatalogProblem> found_;
};

}  // namespace muster
