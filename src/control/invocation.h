// One call of muster as plain data: everything a verb may know of the process that was started, so
// that another process can run it. Verbs read this instead of process globals.
#pragma once

#include "core/result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct TerminalFacts {
    bool in = false;  // is a terminal
    bool out = false;
    bool err = false;
    int columns = 80;
};

struct Invocation {
    std::vector<std::string> arguments;  // without the program's name
    std::string working_dir;             // absolute
    std::map<std::string, std::string> environment;
    TerminalFacts terminal;
};

std::string encode_invocation(const Invocation& invocation);
// kUsage if the bytes are no invocation.
Result<Invocation> decode_invocation(std::string_view bytes);

}  // namespace muster
