// The effective global settings: option > environment > muster.toml > default, and where each came
// from. Paths are absolute, resolved against the working directory of the invocation.
#pragma once

#include "catalog/catalog.h"
#include "cli/console.h"
#include "cli/verb.h"
#include "control/invocation.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace muster {

struct Setting {
    std::string name;  // as in `config show`
    std::string value;
    std::string origin;  // "option --source", "environment MUSTER_SOURCE", "default", ...
};

struct Settings {
    std::optional<std::filesystem::path> config;  // nothing: the built-in catalog
    CatalogOverrides overrides;
    std::uint64_t memory_limit_bytes = 0;  // 0: not given
    std::size_t threads = 0;               // 0: not given
    ConsoleOptions console;
    std::vector<Setting> given;  // what options and environment say
};

Result<Settings> resolve_settings(const Arguments& arguments, const Invocation& invocation);

// Where the catalog is missing or wrong it is in the problems. Every variable that the file refers
// to is added to `variables`.
CatalogLoad load_catalog(const Settings& settings,
                         const Invocation& invocation,
                         std::vector<std::string>* variables = nullptr);

// A URL without its password.
std::string mask_secrets(const std::string& url);

}  // namespace muster
