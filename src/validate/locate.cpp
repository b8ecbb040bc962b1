// What is asked of an object besides its scan: records by offset, its hash, one record's fields.
#include "validate/detail/byte_stream.h"
#include "validate/detail/field_check.h"
#include "validate/detail/parallel.h"
#include "validate/detail/record_reader.h"
#include "validate/detail/splitter.h"
#include "validate/scan.h"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace muster {
namespace {

constexpr std::size_t kReadBytes = 1U << 20;

Error problem_error(const ObjectProblem& problem) {
    return Error{.code = ErrorCode::kVerification,
                 .message = problem.message,
                 .hint = "",
                 .detail = std::string(reject_code_text(problem.code))};
}

// Reads what is left, so that the stream knows the hash of all.
Result<void> drain(ByteStream& stream) {
    std::vector<char> buffer(kReadBytes);
    for (;;) {
        MUSTER_ASSIGN(const std::size_t bytes, stream.read(buffer));
        if (stream.problem().has_value()) {
            return problem_error(*stream.problem());
        }
        if (bytes < buffer.size()) {
            return {};
        }
    }
}

Result<void> find_records(RecordReader& records,
                          std::span<const std::uint64_t> offsets,
                          const std::function<Result<void>(const RejectedRecord&)>& found) {
    RecordReader::Item item;
    while (!offsets.empty()) {
        MUSTER_ASSIGN(const bool more, records.next(item, false));
        if (!more) {
            return {};
        }
        while (!offsets.empty() && offsets.front() < item.offset) {
            offsets = offsets.subspan(1);
        }
        if (offsets.empty() || offsets.front() != item.offset ||
            item.status == SplitStatus::kBlank) {
            continue;
        }
        RejectedRecord record;
        record.line = item.line;
        record.offset = item.offset;
        record.length = item.length;
        record.raw = item.raw.substr(0, kRejectRawBytesMax);
        // A line longer than the buffer has been hashed on the way.
        record.raw_hash = item.raw.size() == item.length ? hash_raw(item.raw) : item.hash;
        MUSTER_TRY(found(record));
        offsets = offsets.subspan(1);
    }
    return {};
}

}  // namespace

Result<std::string> locate_records(
    const Table& table,
    ObjectReader& reader,
    std::span<const std::uint64_t> offsets,
    const std::function<Result<void>(const RejectedRecord&)>& found) {
    const auto stream = make_byte_stream(reader);
    RecordReader records(SplitRules::of(table), *stream, kReadBytes);
    MUSTER_ASSIGN(const std::optional<ObjectProblem> problem,
                  records.start(reader.info().key.str()));
    if (problem.has_value()) {
        return problem_error(*problem);
    }
    MUSTER_TRY(find_records(records, offsets, found));
    MUSTER_TRY(drain(*stream));
    return stream->content_hash();
}

Result<std::string> content_hash(ObjectReader& reader, std::size_t threads) {
    const std::uint64_t bytes = reader.info().bytes;
    const std::uint64_t blocks = (bytes + kScanBlockBytes - 1) / kScanBlockBytes;
    std::vector<RawHash> hashes(static_cast<std::size_t>(blocks));
    std::atomic<std::uint64_t> next{0};
    MUSTER_TRY(run_on_threads(threads, [&]() -> Result<void> {
        std::vector<char> buffer(
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kScanBlockBytes)));
        for (;;) {
            const std::uint64_t block = next.fetch_add(1);
            if (block >= blocks) {
                return {};
            }
            const std::uint64_t offset = block * kScanBlockBytes;
            const auto size =
                static_cast<std::size_t>(std::min<std::uint64_t>(bytes - offset, kScanBlockBytes));
            std::optional<ObjectProblem> problem;
            MUSTER_ASSIGN(const bool good,
                          read_stored(reader, offset, std::span(buffer.data(), size), problem));
            if (!good) {
                return problem_error(*problem);
            }
            hashes[static_cast<std::size_t>(block)] = hash_raw({buffer.data(), size});
        }
    }));
    ContentHash hash;
    for (const RawHash& block_hash : hashes) {
        hash.add_block(block_hash);
    }
    return hash.finish();
}

std::optional<std::vector<std::string>> split_record(const Table& table, std::string_view record) {
    const SplitRules rules = SplitRules::of(table);
    std::vector<SplitField> fields;
    if (record.empty()) {
        return std::nullopt;
    }
    const Split split = split_at(rules, record.data(), 0, record.size(), true, fields);
    if (split.status != SplitStatus::kRecord || split.end != record.size()) {
        return std::nullopt;
    }
    std::vector<std::string> texts;
    for (const SplitField& field : fields) {
        const std::string_view content = record.substr(field.begin, field.end - field.begin);
        std::string text;
        if (field.escaped) {
            append_unescaped(text, content, rules.quote);
        } else {
            text = content;
        }
        texts.emplace_back(table.trim ? trim_blanks(text) : std::string_view(text));
    }
    return texts;
}

}  // namespace muster
