#include "support/reference_compare.h"

#include "core/text.h"
#include "support/reference_splitter.h"

#include <utility>

namespace muster {
namespace {

std::string cleaned(const Table& table, std::string text) {
    if (table.trim) {
        const std::size_t begin = text.find_first_not_of(" \t");
        const std::size_t end = text.find_last_not_of(" \t");
        text = begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
    }
    return text.empty() ? "<null>" : text;
}

std::string at(std::string_view what, std::uint64_t offset) {
    return std::string(what) + " at offset " + std::to_string(offset);
}

struct Expected {
    std::vector<RowOutcome> rows;
    std::vector<RejectOutcome> rejects;
};

Expected expect(const Table& table, std::string_view text, const ReferenceSplit& split) {
    Expected expected;
    for (const ReferenceRecord& record : split.records) {
        const std::string_view raw = text.substr(record.offset, record.length);
        if (record.codes.empty()) {
            RowOutcome row;
            row.offset = record.offset;
            for (const std::string& field : record.fields) {
                row.values.push_back(cleaned(table, field));
            }
            expected.rows.push_back(std::move(row));
            continue;
        }
        RejectOutcome reject;
        reject.line = record.line;
        reject.offset = record.offset;
        reject.length = record.length;
        reject.raw = raw.substr(0, kRejectRawBytesMax);
        reject.hash = raw_hash_text(hash_raw(raw));
        for (const RejectCode code : record.codes) {
            reject.codes.emplace_back(reject_code_text(code));
        }
        expected.rejects.push_back(std::move(reject));
    }
    return expected;
}

std::string compare_rejects(const std::vector<RejectOutcome>& expected,
                            const std::vector<RejectOutcome>& actual) {
    for (std::size_t i = 0; i < expected.size() && i < actual.size(); ++i) {
        const RejectOutcome& want = expected[i];
        const RejectOutcome& got = actual[i];
        if (want.offset != got.offset || want.line != got.line || want.length != got.length ||
            want.raw != got.raw || want.hash != got.hash || want.codes != got.codes) {
            return at("reject differs", want.offset) + " line " + std::to_string(want.line) +
                   " length " + std::to_string(want.length) + " " + want.codes.front() + "; got " +
                   at("one", got.offset) + " line " + std::to_string(got.line) + " length " +
                   std::to_string(got.length) + " " + got.codes.front();
        }
    }
    if (expected.size() != actual.size()) {
        return std::to_string(expected.size()) + " rejects expected, got " +
               std::to_string(actual.size());
    }
    return "";
}

std::string compare_rows(const std::vector<RowOutcome>& expected,
                         const std::vector<RowOutcome>& actual) {
    for (std::size_t i = 0; i < expected.size() && i < actual.size(); ++i) {
        if (expected[i] != actual[i]) {
            return at("row differs", expected[i].offset) + "; got " + at("one", actual[i].offset);
        }
    }
    if (expected.size() != actual.size()) {
        return std::to_string(expected.size()) + " rows expected, got " +
               std::to_string(actual.size());
    }
    return "";
}

}  // namespace

std::string reference_difference(const Table& table,
                                 std::string_view text,
                                 const OutcomeOptions& options) {
    const ScanOutcome outcome = scan_outcome(table, text, options);
    if (text.empty() || text == "\xEF\xBB\xBF") {
        return outcome.problem == "file.empty" ? "" : "file.empty expected";
    }
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        return outcome.problem == "file.encoding" ? "" : "file.encoding expected";
    }
    if (!outcome.problem.empty() || !outcome.error.empty()) {
        return "unexpected " + outcome.problem + outcome.error;
    }
    const ReferenceRules rules{
        table.delimiter, table.quote, table.max_record_bytes, table.columns.size()};
    const ReferenceSplit split = reference_split(rules, text);
    const Expected expected = expect(table, text, split);
    std::string difference = compare_rejects(expected.rejects, outcome.rejects);
    if (difference.empty() && options.keep_rows) {
        difference = compare_rows(expected.rows, outcome.rows);
    }
    const ScanCounts& counts = outcome.counts;
    if (difference.empty() &&
        (counts.read != split.records.size() || counts.rejected != expected.rejects.size() ||
         counts.blank_lines != split.blank_lines || counts.bytes != text.size())) {
        difference = "counts differ";
    }
    return difference;
}

}  // namespace muster
