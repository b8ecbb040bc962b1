// Rows of the hiring data set, each a function of (seed, row number) alone: the same on every
// machine, whatever is generated before. So a changed copy of a data set differs only where asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hiring {

// splitmix64 (Steele, Lea, Flood 2014). The distributions of <random> differ between libraries.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    // Uniform enough below bounds of 32 bits (multiply-shift, no rejection).
    std::uint32_t below(std::uint32_t bound);

  private:
    std::uint64_t state_;
};

inline constexpr std::uint32_t kDepartments = 12;
inline constexpr std::uint32_t kJobs = 60;

std::string_view department_name(std::uint32_t id);  // 1 .. kDepartments
std::string_view job_name(std::uint32_t id);         // 1 .. kJobs

struct RowOptions {
    std::uint64_t seed = 1;
    double dirty = 0;    // share of rows that no validation should let pass
    double changed = 0;  // share of rows whose job is another one than without this option
};

// Appends row `index` with the given key, with its line end. True: the row is a dirty one.
bool append_row(const RowOptions& options,
                std::uint64_t index,
                std::uint64_t key,
                std::string& out);

// Appends seconds since 2021-01-01T00:00:00Z as RFC 3339; 2021 and 2022 only.
void append_timestamp(std::uint32_t seconds, std::string& out);
void append_name(Random& random, std::string& out);
void append_integer(std::uint64_t value, std::string& out);

}  // namespace hiring
