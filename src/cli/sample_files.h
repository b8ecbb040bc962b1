// The sample CSVs embedded in the program (examples/hiring/data), for `muster init --sample`.
#pragma once

#include <span>
#include <string_view>

namespace muster {

struct SampleFile {
    std::string_view name;
    std::string_view content;
};

std::span<const SampleFile> sample_files();

}  // namespace muster
