// Help texts, derived from the table of verbs.
#pragma once

#include "cli/verb.h"

#include <string>

namespace muster {

// Of a verb, else of a group ("rejects"), else of the program.
std::string help_text(std::string_view group, const VerbSpec* verb);

}  // namespace muster
