// The scan against the reference splitter on arbitrary bytes. The first four bytes choose the
// block size, the threads, the limit and the table; the rest is the file.
#include "support/reference_compare.h"

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    constexpr std::size_t kBlocks[] = {1, 2, 3, 7, 64, 4096, 1U << 20};
    constexpr std::size_t kLimits[] = {1U << 20, 1, 2, 5, 17, 100};
    constexpr std::size_t kChoices = 4;
    if (size < kChoices) {
        return 0;
    }
    muster::Table table = muster::text_table(1 + bytes[3] % 3);
    table.quote = bytes[3] % 8 == 7 ? '\0' : '"';
    table.trim = bytes[3] % 2 == 0;
    table.max_record_bytes = kLimits[bytes[2] % std::size(kLimits)];
    muster::OutcomeOptions options;
    options.block_bytes = kBlocks[bytes[0] % std::size(kBlocks)];
    options.threads = 1 + bytes[1] % 2;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + kChoices, size - kChoices);
    const std::string difference = muster::reference_difference(table, text, options);
    if (!difference.empty()) {
        std::fprintf(stderr, "%s\n", difference.c_str());
        std::abort();
    }
    return 0;
}
