// What PostgreSQL says went wrong, as an Error: a code by SQLSTATE, and a remedy.
#pragma once

#include "core/error.h"

#include <string>
#include <string_view>

namespace muster {

// A text of the server in one line.
std::string one_line(std::string_view text);

// `place` is "PostgreSQL at host:port, database name"; `text` the server's message; `operation`
// what was tried ("running a statement").
Error postgres_error(std::string_view sqlstate,
                     std::string_view text,
                     std::string_view operation,
                     std::string_view place);

// No answer any more: kUnavailable.
Error connection_lost(std::string_view text, std::string_view operation, std::string_view place);

// The connection could not be made. The server's text tells which of many causes it was.
Error connect_error(std::string_view text, std::string_view place, std::string_view user);

// kCancelled.
Error stopped_on_request();

}  // namespace muster
