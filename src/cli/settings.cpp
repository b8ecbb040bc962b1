#include "cli/settings.h"

#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace muster {
namespace {

constexpr std::size_t kThreadsMax = 1024;
constexpr std::uint64_t kMemoryLimitBytesMin = 64U << 20;
constexpr std::string_view kDefaultConfig = "muster.toml";
constexpr std::string_view kDuckdbScheme = "duckdb:";

struct Given {
    std::string value;
    std::string origin;
};

// The value of a global option, from the command line or the environment.
std::optional<Given> given(std::string_view name,
                           const Arguments& arguments,
                           const Invocation& invocation) {
    if (const auto value = arguments.value(name)) {
        return Given{*value, fmt::format("option --{}", name)};
    }
    for (const OptionSpec& option : global_options()) {
        if (option.name != name || option.environment.empty()) {
            continue;
        }
        const auto found = invocation.environment.find(std::string{option.environment});
        if (found != invocation.environment.end() && !found->second.empty()) {
            return Given{found->second, fmt::format("environment {}", option.environment)};
        }
    }
    return std::nullopt;
}

std::string absolute(const Invocation& invocation, const std::string& path) {
    return (std::filesystem::path{invocation.working_dir} / path).lexically_normal().string();
}

std::string absolute_url(const Invocation& invocation, const std::string& url) {
    return url.find("://") == std::string::npos ? absolute(invocation, url) : url;
}

std::string absolute_warehouse(const Invocation& invocation, const std::string& url) {
    if (url.find("://") != std::string::npos) {
        return url;
    }
    const std::string path =
        url.starts_with(kDuckdbScheme) ? url.substr(kDuckdbScheme.size()) : url;
    return std::string{kDuckdbScheme} + absolute(invocation, path);
}

Error bad_value(const Given& value, std::string_view what) {
    return Error{ErrorCode::kUsage, fmt::format("{}: '{}' is {}", value.origin, value.value, what)};
}

Result<void> resolve_numbers(const Arguments& arguments,
                             const Invocation& invocation,
                             Settings& settings) {
    if (const auto threads = given("threads", arguments, invocation)) {
        const std::string& text = threads->value;
        const char* end = text.data() + text.size();
        const auto [rest, status] = std::from_chars(text.data(), end, settings.threads);
        if (status != std::errc{} || rest != end || settings.threads == 0 ||
            settings.threads > kThreadsMax) {
            return bad_value(*threads, fmt::format("no number from 1 to {}", kThreadsMax));
        }
        settings.given.push_back({"threads", text, threads->origin});
    }
    if (const auto limit = given("memory-limit", arguments, invocation)) {
        const auto bytes = parse_size_bytes(limit->value);
        if (!bytes || *bytes < kMemoryLimitBytesMin) {
            return bad_value(*limit, "no size of at least 64MiB (examples: 512MiB, 4GB)");
        }
        settings.memory_limit_bytes = *bytes;
        settings.given.push_back({"memory_limit", limit->value, limit->origin});
    }
    return {};
}

Result<void> resolve_console(const Arguments& arguments,
                             const Invocation& invocation,
                             Settings& settings) {
    if (const auto output = given("output", arguments, invocation)) {
        if (output->value != "table" && output->value != "csv" && output->value != "json") {
            return bad_value(*output, "none of table, csv, json");
        }
        settings.console.format = output->value == "csv"    ? OutputFormat::kCsv
                                  : output->value == "json" ? OutputFormat::kJson
                                                            : OutputFormat::kTable;
        settings.given.push_back({"output", output->value, output->origin});
    }
    if (arguments.flag("json")) {
        settings.console.format = OutputFormat::kJson;
    }
    settings.console.quiet = arguments.flag("quiet");
    settings.console.verbose = arguments.flag("verbose");
    const auto no_color = invocation.environment.find("NO_COLOR");
    settings.console.color = invocation.terminal.err &&
                             (no_color == invocation.environment.end() || no_color->second.empty());
    if (const auto color = given("color", arguments, invocation); color && color->value != "auto") {
        if (color->value != "always" && color->value != "never") {
            return bad_value(*color, "none of auto, always, never");
        }
        settings.console.color = color->value == "always";
    }
    return {};
}

}  // namespace

Result<Settings> resolve_settings(const Arguments& arguments, const Invocation& invocation) {
    Settings settings;
    MUSTER_TRY(resolve_console(arguments, invocation, settings));
    MUSTER_TRY(resolve_numbers(arguments, invocation, settings));
    if (const auto config = given("config", arguments, invocation)) {
        settings.config = absolute(invocation, config->value);
        settings.given.push_back({"config", settings.config->string(), config->origin});
    } else {
        const std::string beside = absolute(invocation, std::string{kDefaultConfig});
        std::error_code ignored;
        if (std::filesystem::exists(beside, ignored)) {
            settings.config = beside;
        }
    }
    if (const auto source = given("source", arguments, invocation)) {
        settings.overrides.source_url = absolute_url(invocation, source->value);
        settings.given.push_back({"source", *settings.overrides.source_url, source->origin});
    }
    if (const auto dir = given("data-dir", arguments, invocation)) {
        settings.overrides.data_dir = absolute(invocation, dir->value);
        settings.given.push_back({"data_dir", *settings.overrides.data_dir, dir->origin});
    }
    if (const auto url = given("warehouse", arguments, invocation)) {
        settings.overrides.warehouse_url = absolute_warehouse(invocation, url->value);
        settings.given.push_back({"warehouse", *settings.overrides.warehouse_url, url->origin});
    }
    return settings;
}

CatalogLoad load_catalog(const Settings& settings,
                         const Invocation& invocation,
                         std::vector<std::string>* variables) {
    const EnvironmentLookup lookup =
        [&invocation, variables](const std::string& name) -> std::optional<std::string> {
        if (variables != nullptr) {
            variables->push_back(name);
        }
        const auto found = invocation.environment.find(name);
        return found == invocation.environment.end() ? std::nullopt : std::optional{found->second};
    };
    return settings.config
               ? load_catalog(*settings.config, lookup, settings.overrides)
               : load_builtin_catalog(invocation.working_dir, lookup, settings.overrides);
}

std::string mask_secrets(const std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos) {
        return url;
    }
    static constexpr std::string_view kMask = "***";
    const std::size_t begin = scheme + 3;
    const std::size_t query = std::min(url.find('?', begin), url.size());
    std::string masked = url.substr(0, query);
    // A password may hold '/' and '@' although it should not: all up to the last '@' is hidden.
    const std::size_t at = masked.rfind('@');
    const std::size_t colon = masked.find(':', begin);
    if (at != std::string::npos && at >= begin && colon < at) {
        masked.replace(colon + 1, at - colon - 1, kMask);
    }
    for (std::size_t from = query; from < url.size();) {
        const std::size_t end = std::min(url.find('&', from + 1), url.size());
        const std::string part = url.substr(from, end - from);
        const std::size_t equals = part.find('=');
        const std::string_view name = std::string_view{part}.substr(1, equals - 1);
        const bool secret = name.find("password") != std::string_view::npos ||
                            name.find("secret") != std::string_view::npos ||
                            name.find("token") != std::string_view::npos;
        masked += secret && equals != std::string::npos
                      ? part.substr(0, equals + 1) + std::string{kMask}
                      : part;
        from = end;
    }
    return masked;
}

}  // namespace muster
