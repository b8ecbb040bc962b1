#include "pipeline/detail/repair_file.h"

#include "core/text.h"
#include "validate/scan.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace muster {
namespace {

constexpr std::size_t kRepairFileBytesMax = 1U << 30;
constexpr std::string_view kFormulaStarts = "=+-@\t\r";

std::string csv_cell(std::string_view text, char delimiter, char quote) {
    const bool plain = text.find(delimiter) == text.npos && text.find(quote) == text.npos &&
                       text.find_first_of("\r\n") == text.npos;
    if (plain) {
        return std::string{text};
    }
    std::string cell{quote};
    for (const char c : text) {
        cell += c;
        if (c == quote) {
            cell += quote;
        }
    }
    return cell + quote;
}

// Text that a spreadsheet can open: invalid bytes and NUL become U+FFFD.
std::string cell_text(std::string_view text) {
    static constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
    const bool valid = valid_utf8(text);
    std::string out;
    for (const char c : text) {
        const bool bad = c == '\0' || (!valid && (static_cast<unsigned char>(c) & 0x80U) != 0);
        bad ? out += kReplacement : out += c;
    }
    return out;
}

Result<std::string> read_whole(const std::string& file) {
    const std::filesystem::path path{file};
    MUSTER_ASSIGN(auto store, open_store(path.parent_path().string()));
    MUSTER_ASSIGN(std::string text,
                  read_object(*store, ObjectKey{path.filename().string()}, kRepairFileBytesMax));
    static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) {
        text.erase(0, kByteOrderMark.size());
    }
    return text;
}

// The cells of a repair file, with lines. Its quoting is plain RFC 4180.
class RepairReader {
  public:
    RepairReader(std::string file, std::string text)
        : file_(std::move(file)), text_(std::move(text)), delimiter_(find_delimiter()) {}

    std::uint64_t line() const { return record_line_; }

    // False at the end.
    Result<bool> next(std::vector<std::string>& cells) {
        skip_blank_lines();
        cells.clear();
        record_line_ = line_;
        if (position_ >= text_.size()) {
            return false;
        }
        while (true) {
            MUSTER_ASSIGN(std::string cell, next_cell());
            cells.push_back(std::move(cell));
            if (position_ >= text_.size() || text_[position_] != delimiter_) {
                end_line();
                return true;
            }
            ++position_;
        }
    }

  private:
    char find_delimiter() const {
        const std::size_t end = kRepairIdColumn.size();
        const bool quoted = text_.starts_with('"');
        const std::size_t at = quoted ? end + 2 : end;
        return at < text_.size() && (text_[at] == ';' || text_[at] == '\t') ? text_[at] : ',';
    }

    void skip_blank_lines() {
        while (position_ < text_.size() && (text_[position_] == '\n' || text_[position_] == '\r')) {
            end_line();
        }
    }

    void end_line() {
        if (position_ < text_.size() && text_[position_] == '\r') {
            ++position_;
        }
        if (position_ < text_.size() && text_[position_] == '\n') {
            ++position_;
        }
        ++line_;
    }

    Result<std::string> next_cell() {
        std::string cell;
        if (position_ < text_.size() && text_[position_] == '"') {
            return quoted_cell();
        }
        while (position_ < text_.size() && text_[position_] != delimiter_ &&
               text_[position_] != '\n' && text_[position_] != '\r') {
            cell += text_[position_++];
        }
        return cell;
    }

    Result<std::string> quoted_cell() {
        std::string cell;
        for (++position_; position_ < text_.size(); ++position_) {
            const char c = text_[position_];
            if (c == '"' && position_ + 1 < text_.size() && text_[position_ + 1] == '"') {
                ++position_;
            } else if (c == '"') {
                ++position_;
                return cell;
            }
            line_ += c == '\n' ? 1U : 0U;
            cell += c;
        }
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format("{}:{}: a quote is never closed", file_, record_line_),
                     .hint = "mend the quotes, then replay again: nothing was loaded"};
    }

    std::string file_;
    std::string text_;
    char delimiter_;
    std::size_t position_ = 0;
    std::uint64_t line_ = 1;
    std::uint64_t record_line_ = 1;
};

Error not_a_repair_file(const std::string& file, const std::string& what) {
    return {.code = ErrorCode::kUsage,
            .message = fmt::format("{}: {}", file, what),
            .hint = "write one with `muster rejects export --table TABLE`"};
}

// Where each column of the table stands in the file, then the place of the reject id.
Result<std::vector<std::size_t>> column_places(const std::string& file,
                                               const Table& table,
                                               const std::vector<std::string>& header) {
    std::vector<std::string> wanted;
    for (const Column& column : table.columns) {
        wanted.push_back(column.name);
    }
    wanted.emplace_back(kRepairIdColumn);
    std::vector<std::size_t> places;
    for (const std::string& name : wanted) {
        const auto found = std::find(header.begin(), header.end(), name);
        if (found == header.end()) {
            return not_a_repair_file(file, fmt::format("the column {} is missing", name));
        }
        places.push_back(static_cast<std::size_t>(found - header.begin()));
    }
    return places;
}

}  // namespace

std::string guard_cell(std::string_view cell) {
    const bool formula = !cell.empty() && kFormulaStarts.find(cell[0]) != kFormulaStarts.npos;
    const bool looks_guarded =
        cell.size() > 1 && cell[0] == '\'' &&
        (cell[1] == '\'' || kFormulaStarts.find(cell[1]) != kFormulaStarts.npos);
    return formula || looks_guarded ? "'" + std::string{cell} : std::string{cell};
}

std::string unguard_cell(std::string_view cell) {
    const bool guarded = cell.size() > 1 && cell[0] == '\'' &&
                         (cell[1] == '\'' || kFormulaStarts.find(cell[1]) != kFormulaStarts.npos);
    return std::string{guarded ? cell.substr(1) : cell};
}

std::string repair_header(const Table& table) {
    std::string header{kRepairIdColumn};
    for (const Column& column : table.columns) {
        header += "," + column.name;
    }
    return header + ",_codes,_messages,_raw\n";
}

std::vector<std::string> repair_fields(const Table& table, const RejectEntry& reject) {
    std::vector<std::string> fields;
    for (const std::string& field : split_record(table, reject.raw).value_or(fields)) {
        fields.push_back(cell_text(field));
    }
    fields.resize(table.columns.size());
    return fields;
}

std::string repair_line(const Table& table, const RejectEntry& reject) {
    const auto split = split_record(table, reject.raw);
    const bool fits = split && split->size() == table.columns.size();
    std::string line = reject.id.str();
    for (const std::string& field : repair_fields(table, reject)) {
        line += "," + csv_cell(guard_cell(field), ',', '"');
    }
    std::string codes;
    std::string messages;
    for (const ReasonText& reason : reject.reasons) {
        codes += (codes.empty() ? "" : " ") + reason.code;
        messages += (messages.empty() ? "" : "; ") + reason.message;
    }
    const std::string raw = fits ? "" : cell_text(reject.raw);
    for (const std::string& cell : {codes, messages, raw}) {
        line += "," + csv_cell(guard_cell(cell), ',', '"');
    }
    return line + "\n";
}

Result<std::vector<RepairedRecord>> read_repair_file(const std::string& file, const Table& table) {
    MUSTER_ASSIGN(std::string text, read_whole(file));
    RepairReader reader{file, std::move(text)};
    std::vector<std::string> cells;
    MUSTER_ASSIGN(const bool has_header, reader.next(cells));
    if (!has_header) {
        return not_a_repair_file(file, "the file is empty");
    }
    MUSTER_ASSIGN(const auto places, column_places(file, table, cells));
    const std::size_t cells_wanted = *std::max_element(places.begin(), places.end()) + 1;
    std::vector<RepairedRecord> records;
    std::set<std::string> seen;
    while (true) {
        MUSTER_ASSIGN(const bool more, reader.next(cells));
        if (!more) {
            return records;
        }
        // A spreadsheet may leave out empty cells at the end of a line.
        cells.resize(std::max(cells.size(), cells_wanted));
        RepairedRecord record{
            .reject_id = cells[places.back()], .fields = {}, .line = reader.line()};
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            record.fields.push_back(unguard_cell(cells[places[i]]));
        }
        if (record.reject_id.empty() || !seen.insert(record.reject_id).second) {
            return Error{.code = ErrorCode::kUsage,
                         .message = fmt::format("{}:{}: {} is {}",
                                                file,
                                                record.line,
                                                kRepairIdColumn,
                                                record.reject_id.empty() ? "empty" : "repeated"),
                         .hint = "each line needs the id of the one reject it mends"};
        }
        records.push_back(std::move(record));
    }
}

Result<std::string> first_reject_id(const std::string& file) {
    MUSTER_ASSIGN(std::string text, read_whole(file));
    RepairReader reader{file, std::move(text)};
    std::vector<std::string> cells;
    MUSTER_ASSIGN(const bool has_header, reader.next(cells));
    const auto place = std::find(cells.begin(), cells.end(), kRepairIdColumn);
    if (!has_header || place == cells.end()) {
        return not_a_repair_file(file, fmt::format("the column {} is missing", kRepairIdColumn));
    }
    const auto index = static_cast<std::size_t>(place - cells.begin());
    MUSTER_ASSIGN(const bool has_record, reader.next(cells));
    return has_record && index < cells.size() ? cells[index] : std::string{};
}

Result<RepairedSource> repaired_source(const Table& table,
                                       const std::vector<RepairedRecord>& records) {
    RepairedSource source;
    for (const RepairedRecord& record : records) {
        source.offsets.push_back(source.text.size());
        std::string line;
        for (std::size_t i = 0; i < record.fields.size(); ++i) {
            const std::string& field = record.fields[i];
            const bool special = field.find(table.delimiter) != field.npos ||
                                 field.find_first_of("\r\n") != field.npos;
            if (table.quote == '\0' && special) {
                return Error{
                    .code = ErrorCode::kUsage,
                    .message = fmt::format("line {}: {} holds a delimiter or line end, and "
                                           "files of {} have no quotes",
                                           record.line,
                                           table.columns[i].name,
                                           table.name.str())};
            }
            line += i == 0 ? "" : std::string{table.delimiter};
            line += table.quote == '\0' ? field : csv_cell(field, table.delimiter, table.quote);
        }
        // A line without bytes would be skipped as blank.
        source.text += (line.empty() && table.quote != '\0' ? std::string(2, table.quote) : line);
        source.text += '\n';
    }
    return source;
}

}  // namespace muster
