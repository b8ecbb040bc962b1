// Small JSON bodies of requests: one flat object with known fields.
#pragma once

#include "api/problem.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster {

struct BodyField {
    enum class Kind { kText, kFlag, kTexts };
    std::string name;
    Kind kind = Kind::kText;
    bool required = true;
};

class BodyValues {
  public:
    // "" / false / empty if the field is absent.
    const std::string& text(const std::string& name) const;
    bool flag(const std::string& name) const;
    const std::vector<std::string>& texts(const std::string& name) const;

    std::map<std::string, std::variant<std::string, bool, std::vector<std::string>>> values;
};

// Fills `out`, or returns the problem: 400 for what is no JSON (or names a field twice), 422 with
// an entry for each field that is unknown, missing or of another kind.
std::optional<Problem> read_body(std::string_view body,
                                 const std::vector<BodyField>& fields,
                                 BodyValues& out);

}  // namespace muster
