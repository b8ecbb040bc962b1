// The committed sample of examples/hiring: small, believable, and wrong on purpose in known places.
#pragma once

#include <filesystem>
#include <string_view>

namespace hiring {

// Writes data/{departments,jobs,hired_employees}.csv and broken/* below the folder.
// False: a file could not be written; the reason is on stderr.
bool write_sample(const std::filesystem::path& folder);

bool write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace hiring
