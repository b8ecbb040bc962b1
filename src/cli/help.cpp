#include "cli/help.h"

#include <fmt/core.h>

namespace muster {
namespace {

void add_options(std::string& text, const std::vector<OptionSpec>& options) {
    for (const OptionSpec& option : options) {
        std::string left = option.letter == 0
                               ? fmt::format("    --{}", option.name)
                               : fmt::format("-{}, --{}", option.letter, option.name);
        if (!option.value.empty()) {
            left += fmt::format(" {}", option.value);
        }
        text += fmt::format("  {:<26}  {}", left, option.help);
        if (!option.environment.empty()) {
            text += fmt::format(" [{}]", option.environment);
        }
        text += '\n';
    }
}

void add_verbs(std::string& text, std::string_view group) {
    for (const VerbSpec& verb : all_verbs()) {
        const bool in_group = group.empty() || verb.name.substr(0, verb.name.find(' ')) == group;
        if (!verb.hidden && in_group) {
            text += fmt::format("  {:<40}  {}\n",
                                verb.words.empty() ? std::string{verb.name}
                                                   : fmt::format("{} {}", verb.name, verb.words),
                                verb.summary);
        }
    }
}

std::string verb_help(const VerbSpec& verb) {
    std::string text = fmt::format("{}\n\nUsage: muster {} [OPTIONS]{}{}\n",
                                   verb.summary,
                                   verb.name,
                                   verb.words.empty() ? "" : " ",
                                   verb.words);
    if (!verb.options.empty()) {
        text += "\nOptions:\n";
        add_options(text, verb.options);
    }
    text += "\nGlobal options:\n";
    add_options(text, global_options());
    return text + fmt::format("\nExample:\n  {}\n", verb.example);
}

}  // namespace

std::string help_text(std::string_view group, const VerbSpec* verb) {
    if (verb != nullptr) {
        return verb_help(*verb);
    }
    std::string text;
    if (group.empty()) {
        text =
            "muster gathers CSV data, validates every record and loads what passes.\n\n"
            "Usage: muster VERB [OPTIONS] [ARGUMENTS]\n\nVerbs:\n";
    } else {
        text = fmt::format("Usage: muster {} VERB [OPTIONS] [ARGUMENTS]\n\nVerbs:\n", group);
    }
    add_verbs(text, group);
    text += "\nGlobal options:\n";
    add_options(text, global_options());
    return text +
           "\nExit codes: 0 done, 1 failure, 2 usage or configuration, 3 records were rejected,\n"
           "4 reject limit exceeded, 5 another run holds the lock, 6 not let in,\n"
           "7 verification failed, 130/143 stopped by a signal.\n"
           "More: muster help VERB\n";
}

}  // namespace muster
