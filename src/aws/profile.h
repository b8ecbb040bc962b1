// The shared configuration files of the AWS tools, ~/.aws/config and ~/.aws/credentials: sections
// of "name = value" lines, as the "Shared config and credentials files" chapter of the AWS SDKs
// guide has them.
#pragma once

#include "core/result.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

using Environment = std::function<std::optional<std::string>(const std::string&)>;

struct AwsProfile {
    std::string name;
    bool found = false;
    std::map<std::string, std::string> values;  // those of the credentials file win
    std::string files;                          // where it was looked for, for messages

    std::string value(const std::string& key) const {
        const auto found_value = values.find(key);
        return found_value == values.end() ? std::string{} : found_value->second;
    }
};

// Adds the values of [section] in `text`; true if the section is there.
bool read_section(std::string_view text,
                  std::string_view section,
                  std::map<std::string, std::string>& values);

// `wanted`: the name from the catalog; "" for AWS_PROFILE or "default". A file that is not there
// has no sections.
AwsProfile load_aws_profile(const Environment& environment, const std::string& wanted);

// The text of a variable, "" if it is not set.
std::string variable(const Environment& environment, const std::string& name);

// A small file that must be there; kUsage naming it otherwise.
Result<std::string> read_small_file(const std::string& path);

std::string first_line(std::string text);

}  // namespace muster
