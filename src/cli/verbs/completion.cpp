// The scripts ask the hidden verb __complete, so that they never differ from the table of verbs.
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

constexpr std::string_view kBash =
    R"(# bash completion for muster; use: source <(muster completion bash)
_muster() {
    local IFS=$'\n'
    COMPREPLY=($(muster __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _muster muster
)";

constexpr std::string_view kZsh = R"(#compdef muster
# zsh completion for muster; use: source <(muster completion zsh)
_muster() {
    local -a found
    found=("${(@f)$(muster __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then
        compadd -a found
    else
        _files
    fi
}
compdef _muster muster
)";

constexpr std::string_view kFish =
    R"(# fish completion for muster; use: muster completion fish | source
function __muster
    muster __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end
complete -c muster -a '(__muster)'
)";

Result<int> run_completion(VerbContext& context) {
    const std::string& shell = context.arguments.words[0];
    if (shell == "bash") {
        context.console.out(kBash);
    } else if (shell == "zsh") {
        context.console.out(kZsh);
    } else if (shell == "fish") {
        context.console.out(kFish);
    } else {
        return Error{ErrorCode::kUsage,
                     fmt::format("there is no completion for '{}'", shell),
                     "bash, zsh or fish"};
    }
    return 0;
}

std::vector<std::string> split_choices(std::string_view choices) {
    std::vector<std::string> out;
    while (!choices.empty()) {
        const std::size_t end = choices.find('|');
        out.emplace_back(choices.substr(0, end));
        choices = end == std::string_view::npos ? "" : choices.substr(end + 1);
    }
    return out;
}

const OptionSpec* find_option(const VerbSpec* verb, std::string_view word) {
    if (!word.starts_with("--")) {
        return nullptr;
    }
    word.remove_prefix(2);
    const auto search = [word](const std::vector<OptionSpec>& options) -> const OptionSpec* {
        const auto found = std::find_if(options.begin(), options.end(), [word](const auto& option) {
            return option.name == word;
        });
        return found == options.end() ? nullptr : &*found;
    };
    const OptionSpec* own = verb != nullptr ? search(verb->options) : nullptr;
    return own != nullptr ? own : search(global_options());
}

void append(std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

std::vector<std::string> option_names(const VerbContext& context,
                                      const VerbSpec* verb,
                                      const std::vector<std::string>& typed) {
    std::vector<std::string> names;
    for (const OptionSpec& option : global_options()) {
        names.push_back(fmt::format("--{}", option.name));
    }
    if (verb == nullptr) {
        return names;
    }
    for (const OptionSpec& option : verb->options) {
        names.push_back(fmt::format("--{}", option.name));
    }
    if (verb->completes == Words::kReports && context.catalog != nullptr) {
        for (const std::string& word : typed) {
            if (const Report* report = context.catalog->find_report(word)) {
                for (const ReportParam& param : report->params) {
                    names.push_back("--" + param.name);
                }
            }
        }
    }
    return names;
}

std::vector<std::string> words_for(const VerbContext& context, Words kind) {
    switch (kind) {
        case Words::kTables:
        case Words::kTablesAndFiles:
            return context.catalog != nullptr ? context.catalog->table_names()
                                              : std::vector<std::string>{};
        case Words::kReports:
            return context.catalog != nullptr ? context.catalog->report_names()
                                              : std::vector<std::string>{};
        case Words::kVerbs:
            return first_words();
        case Words::kFiles:
        case Words::kNothing:
            return {};
    }
    return {};
}

// What may stand in place of the last of the typed words.
std::vector<std::string> candidates(const VerbContext& context, std::vector<std::string> typed) {
    const std::string last = typed.empty() ? "" : typed.back();
    if (!typed.empty()) {
        typed.pop_back();
    }
    std::string name;
    const VerbSpec* verb = nullptr;
    for (const std::string& word : typed) {
        if (verb == nullptr && !word.starts_with("-")) {
            name += (name.empty() ? "" : " ") + word;
            verb = find_verb(name);
        }
    }
    if (!typed.empty()) {
        const OptionSpec* option = find_option(verb, typed.back());
        if (option != nullptr && !option->value.empty()) {
            return option->name == "table" ? words_for(context, Words::kTables)
                                           : split_choices(option->choices);
        }
    }
    std::vector<std::string> found;
    if (last.starts_with("-")) {
        append(found, option_names(context, verb, typed));
    } else if (verb != nullptr) {
        append(found, words_for(context, verb->completes));
    } else {
        append(found, name.empty() ? first_words() : second_words(name));
    }
    return found;
}

Result<int> run_complete(VerbContext& context) {
    std::vector<std::string> typed = context.arguments.rest;
    if (!typed.empty() && typed.front() == "--") {
        typed.erase(typed.begin());
    }
    const std::string last = typed.empty() ? "" : typed.back();
    for (const std::string& candidate : candidates(context, typed)) {
        if (candidate.starts_with(last)) {
            context.console.out_line(candidate);
        }
    }
    return 0;
}

}  // namespace

VerbSpec completion_verb() {
    return {
        .name = "completion",
        .words = "bash|zsh|fish",
        .summary = "prints the completion script of a shell",
        .example = "source <(muster completion bash)",
        .words_min = 1,
        .words_max = 1,
        .run = run_completion,
    };
}

VerbSpec complete_verb() {
    return {
        .name = "__complete",
        .words = "-- WORD ...",
        .summary = "candidates for the last word, for the completion scripts",
        .example = "muster __complete -- runs l",
        .words_max = kAnyNumber,
        .open_options = true,
        .hidden = true,
        .needs_catalog = true,
        .tolerates_faults = true,
        .run = run_complete,
    };
}

}  // namespace muster
