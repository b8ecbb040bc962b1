// Words of a command line to a verb and its arguments, as the table of verbs says.
#pragma once

#include "cli/verb.h"
#include "core/result.h"

#include <span>
#include <string>
#include <vector>

namespace muster {

struct ParsedCommand {
    const VerbSpec* verb = nullptr;  // null: no verb, or only a group; then help is set
    std::string group;               // the words of `muster rejects --help`
    Arguments arguments;
    bool help = false;
};

// kUsage with "did you mean" for unknown verbs and options. Global options may stand anywhere.
Result<ParsedCommand> parse_command(std::span<const std::string> words);

// True if the words ask for JSON; works on words that do not parse, for the form of the error.
bool asks_for_json(std::span<const std::string> words);

}  // namespace muster
