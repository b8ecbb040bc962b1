// The only file that knows CLI11. Each stage takes the options in front of the next word: program,
// group, verb. Words are never declared to CLI11; they come back in order as what is left over.
#include "cli/parser.h"

#include "core/text.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

void declare(CLI::App& app, const OptionSpec& spec, Arguments& arguments) {
    const std::string name{spec.name};
    const std::string names =
        spec.letter == 0 ? "--" + name : fmt::format("-{},--{}", spec.letter, name);
    if (spec.value.empty()) {
        app.add_flag_callback(names, [&arguments, name] { arguments.values[name] = ""; });
        return;
    }
    app.add_option_function<std::string>(
           names, [&arguments, name](const std::string& value) { arguments.values[name] = value; })
        ->type_name(std::string{spec.value})
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

// Parses what the options of the stage cover and returns the rest in order. With `prefix`, stops at
// the first word.
Result<std::vector<std::string>> parse_stage(std::span<const std::string> words,
                                             const std::vector<OptionSpec>& options,
                                             bool prefix,
                                             Arguments& arguments) {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    app.prefix_command(prefix);
    for (const OptionSpec& option : options) {
        declare(app, option, arguments);
    }
    for (const OptionSpec& option : global_options()) {
        declare(app, option, arguments);
    }
    try {
        // CLI11 takes the words from the back.
        app.parse(std::vector<std::string>{words.rbegin(), words.rend()});
    } catch (const CLI::ParseError& failure) {
        return Error{ErrorCode::kUsage, failure.what(), "see `muster help`"};
    }
    return app.remaining();
}

std::string unknown_option(std::string_view word, const std::vector<OptionSpec>& options) {
    std::vector<std::string> names;
    for (const auto* list : {&options, &global_options()}) {
        for (const OptionSpec& option : *list) {
            names.push_back(fmt::format("--{}", option.name));
        }
    }
    const std::string_view name = word.substr(0, word.find('='));
    return fmt::format("unknown option '{}'{}", name, did_you_mean(name, names));
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

Result<void> check_choices(const VerbSpec& verb, const Arguments& arguments) {
    for (const OptionSpec& option : verb.options) {
        const auto value = arguments.value(option.name);
        if (!value || option.choices.empty()) {
            continue;
        }
        const std::string all = fmt::format("|{}|", option.choices);
        if (value->empty() || all.find(fmt::format("|{}|", *value)) == std::string::npos) {
            return Error{
                ErrorCode::kUsage,
                fmt::format(
                    "option --{}: '{}' is none of {}", option.name, *value, option.choices)};
        }
    }
    return {};
}

// Words and options of the verb itself.
Result<void> parse_verb(const VerbSpec& verb,
                        std::span<const std::string> words,
                        Arguments& arguments) {
    MUSTER_ASSIGN(auto rest, parse_stage(words, verb.options, false, arguments));
    const std::string hint = fmt::format("see `muster help {}`", verb.name);
    if (verb.open_options) {
        arguments.rest = std::move(rest);
        return {};
    }
    bool only_words = false;
    for (std::string& word : rest) {
        if (!only_words && word == "--") {
            only_words = true;
        } else if (!only_words && is_option(word)) {
            return Error{ErrorCode::kUsage, unknown_option(word, verb.options), hint};
        } else {
            arguments.words.push_back(std::move(word));
        }
    }
    MUSTER_TRY(check_choices(verb, arguments));
    if (arguments.flag("help")) {
        return {};
    }
    if (arguments.words.size() < verb.words_min) {
        return Error{
            ErrorCode::kUsage, fmt::format("`muster {}` needs {}", verb.name, verb.words), hint};
    }
    if (arguments.words.size() > verb.words_max) {
        return Error{ErrorCode::kUsage,
                     fmt::format("`muster {}` does not know what to do with '{}'",
                                 verb.name,
                                 arguments.words[verb.words_max]),
                     hint};
    }
    return {};
}

Error unknown_verb(std::string_view group, const std::string& word) {
    if (is_option(word)) {
        return Error{ErrorCode::kUsage, unknown_option(word, {}), "see `muster help`"};
    }
    const auto names = group.empty() ? first_words() : second_words(group);
    return Error{ErrorCode::kUsage,
                 fmt::format("there is no verb '{}{}{}'{}",
                             group,
                             group.empty() ? "" : " ",
                             word,
                             did_you_mean(word, names)),
                 group.empty() ? "see `muster help`" : fmt::format("see `muster help {}`", group)};
}

}  // namespace

Result<ParsedCommand> parse_command(std::span<const std::string> words) {
    ParsedCommand command;
    MUSTER_ASSIGN(auto rest, parse_stage(words, {}, true, command.arguments));
    std::string name;
    if (!rest.empty()) {
        name = rest.front();
        rest.erase(rest.begin());
        if (!second_words(name).empty()) {
            command.group = name;
            MUSTER_ASSIGN(rest, parse_stage(rest, {}, true, command.arguments));
            if (!rest.empty()) {
                if (find_verb(name + " " + rest.front()) == nullptr) {
                    return unknown_verb(name, rest.front());
                }
                name += " " + rest.front();
                rest.erase(rest.begin());
            }
        }
    }
    command.verb = find_verb(name);
    if (command.verb == nullptr) {
        if (!name.empty() && command.group.empty()) {
            return unknown_verb("", name);
        }
        command.help = command.arguments.flag("help");
        return command;
    }
    MUSTER_TRY(parse_verb(*command.verb, rest, command.arguments));
    command.help = command.arguments.flag("help");
    return command;
}

bool asks_for_json(std::span<const std::string> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool pair = i + 1 < words.size() && words[i + 1] == "json" &&
                          (words[i] == "-o" || words[i] == "--output");
        if (words[i] == "--json" || words[i] == "--output=json" || words[i] == "-ojson" || pair) {
            return true;
        }
    }
    return false;
}

}  // namespace muster
