#include "aws/profile.h"

#include "core/text.h"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace muster {
namespace {

constexpr std::size_t kFileBytesMax = 4U << 20;

std::string_view trimmed(std::string_view text) {
    static constexpr std::string_view kBlanks = " \t\r";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    return begin == text.npos ? std::string_view{}
                              : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string optional_file(const std::string& path) {
    std::error_code ignored;
    if (path.empty() || !std::filesystem::is_regular_file(path, ignored)) {
        return {};
    }
    auto text = read_small_file(path);
    return text.ok() ? std::move(text).value() : std::string{};
}

}  // namespace

std::string variable(const Environment& environment, const std::string& name) {
    return environment ? environment(name).value_or("") : std::string{};
}

Result<std::string> read_small_file(const std::string& path) {
    std::error_code failure;
    const auto bytes = std::filesystem::file_size(path, failure);
    std::ifstream file{path, std::ios::binary};
    if (failure || !file || bytes > kFileBytesMax) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("cannot read {}", path),
                     .hint = "check that the file is there and readable for this user"};
    }
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

std::string first_line(std::string text) {
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    return text;
}

bool read_section(std::string_view text,
                  std::string_view section,
                  std::map<std::string, std::string>& values) {
    bool inside = false;
    bool found = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view raw = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string_view line = trimmed(raw);
        if (line.empty() || line.front() == '#' || line.front() == ';') {
            continue;
        }
        if (line.front() == '[' && line.back() == ']') {
            inside = trimmed(line.substr(1, line.size() - 2)) == section;
            found = found || inside;
            continue;
        }
        const std::size_t equals = line.find('=');
        // An indented line belongs to the setting above it, such as those of "s3 =".
        if (inside && equals != line.npos && raw.front() != ' ' && raw.front() != '\t') {
            values[ascii_lower(trimmed(line.substr(0, equals)))] =
                std::string{trimmed(line.substr(equals + 1))};
        }
    }
    return found;
}

AwsProfile load_aws_profile(const Environment& environment, const std::string& wanted) {
    const auto path_of = [&environment](const std::string& name, const char* file) {
        const std::string given = variable(environment, name);
        const std::string home = variable(environment, "HOME");
        return !given.empty() ? given : home.empty() ? std::string{} : home + "/.aws/" + file;
    };
    const std::string config = path_of("AWS_CONFIG_FILE", "config");
    const std::string credentials = path_of("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    AwsProfile profile;
    profile.name = wanted.empty() ? variable(environment, "AWS_PROFILE") : wanted;
    if (profile.name.empty()) {
        profile.name = "default";
    }
    profile.files = fmt::format("{} and {}", config, credentials);
    const std::string section =
        profile.name == "default" ? profile.name : "profile " + profile.name;
    const bool in_config = read_section(optional_file(config), section, profile.values);
    const bool in_credentials =
        read_section(optional_file(credentials), profile.name, profile.values);
    profile.found = in_config || in_credentials;
    return profile;
}

}  // namespace muster
