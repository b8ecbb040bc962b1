#include "cli/help.h"

#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "core/text.h"

#include <fmt/core.h>

namespace muster {
namespace {

Result<int> run_help(VerbContext& context) {
    const std::vector<std::string>& words = context.arguments.words;
    if (words.empty()) {
        context.console.out(help_text("", nullptr));
        return 0;
    }
    const std::string name = words.size() == 1 ? words[0] : words[0] + " " + words[1];
    const VerbSpec* verb = find_verb(name);
    if (verb == nullptr && (words.size() > 1 || second_words(name).empty())) {
        std::vector<std::string> names = first_words();
        for (const VerbSpec& known : all_verbs()) {
            names.emplace_back(known.name);
        }
        return Error{ErrorCode::kUsage,
                     fmt::format("there is no verb '{}'{}", name, did_you_mean(name, names)),
                     "see `muster help`"};
    }
    context.console.out(help_text(name, verb));
    return 0;
}

}  // namespace

VerbSpec help_verb() {
    return {
        .name = "help",
        .words = "[VERB]",
        .summary = "explains a verb",
        .example = "muster help rejects export",
        .words_max = 2,
        .completes = Words::kVerbs,
        .run = run_help,
    };
}

}  // namespace muster
