// generate_hiring: the hiring data set of any size, for tests and benchmarks.
//   generate_hiring --rows N --out DIR [--dirty 0.01] [--changed 0.001] [--seed 1]
//                   [--keys rising|shuffled]
//   generate_hiring --sample DIR      the small sample of examples/hiring
// Prints one JSON line: rows, dirty rows and bytes of hired_employees.csv.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "hiring_rows.h"
#include "hiring_sample.h"

namespace {

constexpr std::uint64_t kRowsMax = 1'000'000'000;
constexpr std::size_t kBufferBytes = std::size_t{1} << 20U;

struct Options {
    std::filesystem::path out;
    std::filesystem::path sample;
    std::uint64_t rows = 1'000;
    bool shuffled = false;
    hiring::RowOptions row;
};

template <typename Number>
bool parse(std::string_view text, Number& value) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc{} && result.ptr == text.data() + text.size();
}

bool set_option(std::string_view name, std::string_view value, Options& options) {
    if (name == "--rows") {
        return parse(value, options.rows) && options.rows <= kRowsMax;
    }
    if (name == "--seed") {
        return parse(value, options.row.seed);
    }
    if (name == "--dirty") {
        return parse(value, options.row.dirty);
    }
    if (name == "--changed") {
        return parse(value, options.row.changed);
    }
    if (name == "--keys") {
        options.shuffled = value == "shuffled";
        return options.shuffled || value == "rising";
    }
    if (name == "--out") {
        options.out = value;
        return true;
    }
    if (name == "--sample") {
        options.sample = value;
        return true;
    }
    return false;
}

std::optional<Options> parse_options(int count, char** arguments) {
    Options options;
    for (int index = 1; index < count; index += 2) {
        if (index + 1 == count || !set_option(arguments[index], arguments[index + 1], options)) {
            std::cerr << "generate_hiring: bad option or value at " << arguments[index] << "\n";
            return std::nullopt;
        }
    }
    if (options.out.empty() && options.sample.empty()) {
        std::cerr << "generate_hiring: --out DIR or --sample DIR is needed\n";
        return std::nullopt;
    }
    return options;
}

bool write_small_tables(const std::filesystem::path& folder) {
    std::string departments;
    for (std::uint32_t id = 1; id <= hiring::kDepartments; ++id) {
        departments += std::to_string(id).append(",").append(hiring::department_name(id)) + "\n";
    }
    std::string jobs;
    for (std::uint32_t id = 1; id <= hiring::kJobs; ++id) {
        jobs += std::to_string(id).append(",").append(hiring::job_name(id)) + "\n";
    }
    return hiring::write_file(folder / "departments.csv", departments) &&
           hiring::write_file(folder / "jobs.csv", jobs);
}

// A permutation of 0 .. rows-1 by i * step mod rows, step near the golden section: neighbours in
// the file are far apart in the key, and every stretch of the file covers the whole range.
std::uint64_t shuffle_step(std::uint64_t rows) {
    std::uint64_t step = std::max<std::uint64_t>(1, rows * 618 / 1000);
    while (std::gcd(step, rows) != 1) {
        ++step;
    }
    return step;
}

bool write_employees(const Options& options) {
    const std::filesystem::path path = options.out / "hired_employees.csv";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"),
                                                               std::fclose);
    const std::uint64_t step = options.shuffled ? shuffle_step(options.rows) : 1;
    std::string buffer;
    buffer.reserve(kBufferBytes + 4096);
    std::uint64_t dirty = 0;
    std::uint64_t bytes = 0;
    bool good = file != nullptr;
    const auto flush = [&] {
        good = good && std::fwrite(buffer.data(), 1, buffer.size(), file.get()) == buffer.size();
        bytes += buffer.size();
        buffer.clear();
    };
    for (std::uint64_t index = 0; good && index < options.rows; ++index) {
        const std::uint64_t key = 1 + index * step % options.rows;
        dirty += hiring::append_row(options.row, index, key, buffer) ? 1 : 0;
        if (buffer.size() >= kBufferBytes) {
            flush();
        }
    }
    flush();
    if (!good || std::fflush(file.get()) != 0) {
        std::cerr << "generate_hiring: cannot write " << path << ": " << std::strerror(errno)
                  << "\n";
        return false;
    }
    std::cout << R"({"rows":)" << options.rows << R"(,"dirty":)" << dirty << R"(,"bytes":)" << bytes
              << "}\n";
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    const auto options = parse_options(count, arguments);
    if (!options) {
        return 2;
    }
    if (!options->sample.empty()) {
        return hiring::write_sample(options->sample) ? 0 : 1;
    }
    std::error_code error;
    std::filesystem::create_directories(options->out, error);
    return write_small_tables(options->out) && write_employees(*options) ? 0 : 1;
}
