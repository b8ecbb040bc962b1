// A verb of the command line as data: parser, help, completion and "did you mean" derive from it.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct VerbContext;

struct OptionSpec {
    std::string_view name;   // without the dashes
    char letter = 0;         // of the short form, 0 = none
    std::string_view value;  // name of the value for help, "" = a flag
    std::string_view help;
    std::string_view environment;  // variable that gives a default, "" = none
    std::string_view choices;      // "csv|json", "" = any value
};

// What the words after a verb are, for completion.
enum class Words { kNothing, kTables, kReports, kFiles, kTablesAndFiles, kVerbs };

// The words and options of a command line, by the names of the table. Options that the verb does
// not know are in `rest` only for verbs with open_options.
class Arguments {
  public:
    bool flag(std::string_view option) const { return values.contains(option); }
    std::optional<std::string> value(std::string_view option) const;
    std::string value_or(std::string_view option, std::string_view other) const;

    std::map<std::string, std::string, std::less<>> values;
    std::vector<std::string> words;
    std::vector<std::string> rest;  // everything in order, with open_options
};

struct VerbSpec {
    std::string_view name;     // "run", "rejects show"
    std::string_view words;    // "[TABLE ...]", for help
    std::string_view summary;  // one line
    std::string_view example;
    std::vector<OptionSpec> options;
    std::size_t words_min = 0;
    std::size_t words_max = 0;
    Words completes = Words::kNothing;
    bool open_options = false;
    bool hidden = false;
    bool needs_catalog = false;
    // The verb goes on without a catalog or database and judges the fault itself.
    bool tolerates_faults = false;
    bool (*needs_database)(const Arguments&) = nullptr;  // null = never
    // The exit code, or what went wrong.
    Result<int> (*run)(VerbContext&) = nullptr;
};

inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);
inline bool always(const Arguments& /*arguments*/) { return true; }

// All verbs in the order of the help.
const std::vector<VerbSpec>& all_verbs();
// The options every verb takes.
const std::vector<OptionSpec>& global_options();
// Null if there is none of this full name.
const VerbSpec* find_verb(std::string_view name);
// The names a person may type first: "run", "rejects", ...
std::vector<std::string> first_words();
// The second words of a group such as "rejects"; empty if it is none.
std::vector<std::string> second_words(std::string_view group);

}  // namespace muster
