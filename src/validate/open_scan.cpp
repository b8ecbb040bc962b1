#include "validate/detail/open_scan.h"

#include "core/text.h"
#include "validate/detail/byte_stream.h"
#include "validate/detail/messages.h"
#include "validate/detail/record_reader.h"

#include <string>

namespace muster {
namespace {

constexpr std::size_t kFirstLookBytes = 64U << 10;

// "" if the record is the header of the table, else what is wrong with it.
std::string header_fault(const TablePlan& plan,
                         const RecordReader::Item& item,
                         const std::vector<SplitField>& fields) {
    const auto& columns = plan.table.columns;
    if (item.status != SplitStatus::kRecord || !valid_utf8(item.raw)) {
        return "does not split cleanly";
    }
    for (std::size_t i = 0; i < std::min(columns.size(), fields.size()); ++i) {
        std::string name;
        append_unescaped(name,
                         item.raw.substr(fields[i].begin, fields[i].end - fields[i].begin),
                         plan.split.quote);
        const std::string_view trimmed = trim_blanks(name);
        if (trimmed != columns[i].name) {
            return "names column " + std::to_string(i + 1) + " " + quoted_value(trimmed) +
                   ", expected " + quoted_value(columns[i].name);
        }
    }
    if (fields.size() != columns.size()) {
        return "has " + std::to_string(fields.size()) + " fields, expected " +
               std::to_string(columns.size());
    }
    return "";
}

Result<void> look_for_header(const TablePlan& plan,
                             RecordReader& reader,
                             std::string_view name,
                             OpenedObject& opened) {
    RecordReader::Item item;
    std::uint64_t blank_lines = 0;
    for (;;) {
        MUSTER_ASSIGN(const bool found, reader.next(item, false));
        if (!found) {
            return {};
        }
        if (item.status != SplitStatus::kBlank) {
            break;
        }
        ++blank_lines;
    }
    const std::string fault = header_fault(plan, item, reader.fields());
    if (fault.empty()) {
        opened.start = {item.next_offset, item.next_line, blank_lines, true};
    } else if (plan.table.header == HeaderMode::kPresent) {
        opened.problem = ObjectProblem{
            RejectCode::kFileHeaderMismatch,
            std::string(name) + ": the header in line " + std::to_string(item.line) + " " + fault};
    }
    return {};
}

}  // namespace

Result<OpenedObject> open_object(const TablePlan& plan, ObjectReader& reader) {
    const std::string& name = reader.info().key.str();
    OpenedObject opened;
    if (reader.info().bytes == 0) {
        opened.problem = ObjectProblem{RejectCode::kFileEmpty, name + " is empty"};
        return opened;
    }
    const auto stream = make_byte_stream(reader);
    RecordReader records(plan.split, *stream, kFirstLookBytes);
    MUSTER_ASSIGN(opened.problem, records.start(name));
    if (opened.problem.has_value()) {
        return opened;
    }
    opened.start.offset = records.offset();
    if (plan.table.header != HeaderMode::kAbsent) {
        MUSTER_TRY(look_for_header(plan, records, name, opened));
    }
    if (!opened.problem.has_value()) {
        opened.problem = stream->problem();
    }
    return opened;
}

}  // namespace muster
