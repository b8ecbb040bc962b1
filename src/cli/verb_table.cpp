#include "cli/verb.h"
#include "cli/verbs/verbs.h"

#include <algorithm>

namespace muster {

std::optional<std::string> Arguments::value(std::string_view option) const {
    const auto found = values.find(option);
    return found == values.end() ? std::nullopt : std::optional{found->second};
}

std::string Arguments::value_or(std::string_view option, std::string_view other) const {
    return value(option).value_or(std::string{other});
}

const std::vector<OptionSpec>& global_options() {
    static const std::vector<OptionSpec> options = {
        {"config", 'c', "FILE", "catalog; ./muster.toml, else the built-in one", "MUSTER_CONFIG"},
        {"source", 0, "URL", "where the CSV objects are", "MUSTER_SOURCE"},
        {"warehouse", 0, "URL", "duckdb:PATH", "MUSTER_WAREHOUSE"},
        {"data-dir", 0, "DIR", "database, control socket, clean objects", "MUSTER_DATA_DIR"},
        {"output", 'o', "FORMAT", "table, csv or json", "MUSTER_OUTPUT", "table|csv|json"},
        {"json", 0, "", "short for --output json"},
        {"quiet", 0, "", "errors only on stderr"},
        {"verbose", 0, "", "more on stderr"},
        {"color", 0, "WHEN", "auto, always or never", "MUSTER_COLOR", "auto|always|never"},
        {"threads", 0, "N", "threads that work at once", "MUSTER_THREADS"},
        {"memory-limit", 0, "SIZE", "memory of the process, 512MiB", "MUSTER_MEMORY_LIMIT"},
        {"help", 'h', "", "help for the verb"},
    };
    return options;
}

const std::vector<VerbSpec>& all_verbs() {
    static const std::vector<VerbSpec> verbs = {
        init_verb(),           validate_verb(),      run_verb(),          runs_list_verb(),
        runs_show_verb(),      rejects_list_verb(),  rejects_show_verb(), rejects_export_verb(),
        rejects_replay_verb(), rejects_waive_verb(), report_verb(),       query_verb(),
        migrate_verb(),        backup_create_verb(), backup_list_verb(),  backup_verify_verb(),
        backup_restore_verb(), backup_expire_verb(), serve_verb(),        schedule_list_verb(),
        schedule_next_verb(),  openapi_verb(),       insomnia_verb(),     users_list_verb(),
        users_add_verb(),      users_passwd_verb(),  users_role_verb(),   users_disable_verb(),
        users_enable_verb(),   doctor_verb(),        config_show_verb(),  config_check_verb(),
        version_verb(),        completion_verb(),    help_verb(),         complete_verb(),
    };
    return verbs;
}

const VerbSpec* find_verb(std::string_view name) {
    for (const VerbSpec& verb : all_verbs()) {
        if (verb.name == name) {
            return &verb;
        }
    }
    return nullptr;
}

std::vector<std::string> first_words() {
    std::vector<std::string> words;
    for (const VerbSpec& verb : all_verbs()) {
        std::string word{verb.name.substr(0, verb.name.find(' '))};
        if (!verb.hidden && (words.empty() || words.back() != word)) {
            words.push_back(std::move(word));
        }
    }
    return words;
}

std::vector<std::string> second_words(std::string_view group) {
    std::vector<std::string> words;
    for (const VerbSpec& verb : all_verbs()) {
        const std::size_t space = verb.name.find(' ');
        if (space != std::string_view::npos && verb.name.substr(0, space) == group) {
            words.emplace_back(verb.name.substr(space + 1));
        }
    }
    return words;
}

}  // namespace muster
