// Speed of the validating scan on generated hiring data in memory:
//   scan_bench [rows] [threads] [keep|validate] [rounds]
// Prints wall and CPU rates; CPU time counts where other programs share the machine.
#include "support/memory_object.h"
#include "validate/scan.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <utility>

namespace muster {
namespace {

Column column(std::string name, TypeKind kind, bool nullable) {
    Column out;
    out.name = std::move(name);
    out.type.kind = kind;
    out.nullable = nullable;
    return out;
}

Table hired_employees() {
    Table table;
    table.name = TableName("hired_employees");
    table.columns = {column("id", TypeKind::kInt64, false),
                     column("name", TypeKind::kString, true),
                     column("datetime_", TypeKind::kTimestamp, true),
                     column("department_id", TypeKind::kInt64, true),
                     column("job_id", TypeKind::kInt64, true)};
    table.columns[0].min = Value(std::int64_t{1});
    table.columns[1].max_length = 100;
    table.key = {"id"};
    return table;
}

std::string generate(std::size_t rows) {
    static constexpr std::string_view kNames[] = {"Marcelo Gonzalez",
                                                  "Lidia Mendez",
                                                  "Harold Vogt",
                                                  "Etty Bosnell",
                                                  "Gretna Lobe",
                                                  "Kirsten Abernathy",
                                                  "Nick Cuberas",
                                                  "Ariadne Wallace-Hughes"};
    std::string text;
    text.reserve(rows * 56);
    std::uint64_t state = 1;
    char line[128];
    for (std::size_t i = 1; i <= rows; ++i) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        const auto random = static_cast<unsigned>(state >> 33U);
        const std::string_view name = kNames[random % 8];
        const int bytes = std::snprintf(line,
                                        sizeof line,
                                        "%zu,%.*s,2021-%02u-%02uT%02u:%02u:%02uZ,%u,%u\n",
                                        i,
                                        static_cast<int>(name.size()),
                                        name.data(),
                                        random % 12 + 1,
                                        random / 16 % 28 + 1,
                                        random / 512 % 24,
                                        random / 64 % 60,
                                        random / 1024 % 60,
                                        random % 13 + 1,
                                        random / 7 % 183 + 1);
        text.append(line, static_cast<std::size_t>(bytes));
    }
    return text;
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool scan_once(MemoryObject& object, std::size_t threads, bool keep_rows, double gigabytes) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start = cpu_seconds();
    ScanOptions options;
    options.keep_rows = keep_rows;
    auto scan = Scan::open(hired_employees(), object, RejectSink(), options);
    if (!scan.ok() || !run_scan(**scan, threads).ok()) {
        std::fputs("the scan failed\n", stderr);
        return false;
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    const double cpu = cpu_seconds() - cpu_start;
    const ScanCounts& counts = (*scan)->counts();
    std::printf("read %llu rejected %llu: wall %.3f s, %.2f GB/s; CPU %.3f s, %.2f GB/s a thread\n",
                static_cast<unsigned long long>(counts.read),
                static_cast<unsigned long long>(counts.rejected),
                wall.count(),
                gigabytes / wall.count(),
                cpu,
                gigabytes / cpu);
    return true;
}

int run(int argc, char** argv) {
    const auto number = [&](int index, const char* otherwise) {
        return std::strtoull(argc > index ? argv[index] : otherwise, nullptr, 10);
    };
    const std::size_t rows = number(1, "10000000");
    const std::size_t threads = number(2, "2");
    const bool keep_rows = argc > 3 && std::string_view(argv[3]) == "keep";
    const std::size_t rounds = number(4, "5");
    std::string text = generate(rows);
    const double gigabytes = static_cast<double>(text.size()) * 1e-9;
    std::printf("%zu rows, %.3f GB, %zu threads, %s\n",
                rows,
                gigabytes,
                threads,
                keep_rows ? "rows kept" : "validate only");
    MemoryObject object(std::move(text));
    for (std::size_t round = 0; round < rounds; ++round) {
        if (!scan_once(object, threads, keep_rows, gigabytes)) {
            return 1;
        }
    }
    return 0;
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) { return muster::run(argc, argv); }
