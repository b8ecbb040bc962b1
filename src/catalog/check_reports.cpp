// What concerns a report as a whole: the text of its SQL file, and names and paths that several
// reports and tables share. The SQL is looked at only as far as the parameters go; comments and
// quoted text are skipped as in standard SQL.
#include "catalog/detail/paths.h"
#include "catalog/detail/readers.h"
#include "core/limits.h"
#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// One thing of interest in an SQL text.
struct SqlFinding {
    enum class Kind { kParameter, kDollarQuote, kSemicolon, kUnclosed };
    Kind kind;
    Place place;
    std::string name;  // of a parameter
};

class SqlReader {
  public:
    explicit SqlReader(std::string_view text) : text_(text) {}

    std::vector<SqlFinding> run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\'' || c == '"') {
                skip_quoted(c);
            } else if (text_.substr(at_).starts_with("--")) {
                skip_until("\n", 2);
            } else if (text_.substr(at_).starts_with("/*")) {
                if (!skip_until("*/", 2)) {
                    found_.push_back({SqlFinding::Kind::kUnclosed, start_, {}});
                }
            } else if (c == '$') {
                read_dollar();
            } else {
                has_code_ = has_code_ || (c != ' ' && c != '\t' && c != '\n' && c != '\r');
                if (c == ';') {
                    found_.push_back({SqlFinding::Kind::kSemicolon, place_, {}});
                }
                step();
            }
        }
        return std::move(found_);
    }

    bool has_code() const { return has_code_; }

  private:
    void step() {
        if (text_[at_] == '\n') {
            ++place_.line;
            place_.column = 1;
        } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0U) != 0x80U) {
            ++place_.column;
        }
        ++at_;
    }

    // Goes behind the next `end`, which is looked for `skip` bytes on; false if there is none.
    bool skip_until(std::string_view end, std::size_t skip) {
        start_ = place_;
        const std::size_t found = text_.find(end, at_ + skip);
        const std::size_t stop =
            found == std::string_view::npos ? text_.size() : found + end.size();
        while (at_ < stop) {
            step();
        }
        return found != std::string_view::npos;
    }

    // A doubled quote inside reads as two quoted texts side by side, which comes to the same.
    void skip_quoted(char quote) {
        has_code_ = true;
        if (!skip_until(std::string_view{&quote, 1}, 1)) {
            found_.push_back({SqlFinding::Kind::kUnclosed, start_, {}});
        }
    }

    void read_dollar() {
        const Place start = place_;
        has_code_ = true;
        const bool inside_name = at_ > 0 && is_name_character(text_[at_ - 1]);
        step();
        std::string name;
        while (at_ < text_.size() && is_name_character(text_[at_])) {
            name += text_[at_];
            step();
        }
        if (inside_name) {
            return;
        }
        const bool quote = at_ < text_.size() && text_[at_] == '$';
        if (quote) {
            step();
        }
        found_.push_back({quote ? SqlFinding::Kind::kDollarQuote : SqlFinding::Kind::kParameter,
                          start,
                          std::move(name)});
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Place place_;
    Place start_;
    bool has_code_ = false;
    std::vector<SqlFinding> found_;
};

void report_parameter(const Report& report,
                      const SqlFinding& finding,
                      const std::vector<std::string>& names,
                      std::vector<std::string>& used,
                      Problems& problems) {
    if (std::find(names.begin(), names.end(), finding.name) != names.end()) {
        used.push_back(finding.name);
        return;
    }
    problems.add_in(report.sql_path,
                    finding.place,
                    fmt::format("the report '{}' declares no parameter '${}'{}",
                                report.name.str(),
                                finding.name,
                                did_you_mean(finding.name, names)));
}

}  // namespace

void check_report_sql(const Report& report, Place place, Problems& problems) {
    if (report.sql.size() > kCatalogBytesMax || !valid_utf8(report.sql)) {
        problems.add(place,
                     fmt::format("'{}' is no UTF-8 text of at most {}",
                                 report.sql_path,
                                 human_bytes(kCatalogBytesMax)));
        return;
    }
    std::vector<std::string> names;
    for (const ReportParam& param : report.params) {
        names.push_back(param.name);
    }
    SqlReader reader{report.sql};
    std::vector<std::string> used;
    for (const SqlFinding& finding : reader.run()) {
        switch (finding.kind) {
            case SqlFinding::Kind::kParameter:
                report_parameter(report, finding, names, used, problems);
                break;
            case SqlFinding::Kind::kDollarQuote:
                problems.add_in(report.sql_path,
                                finding.place,
                                "text between dollar signs is not portable; use single quotes");
                break;
            case SqlFinding::Kind::kSemicolon:
                problems.add_in(
                    report.sql_path, finding.place, "a report is one SELECT; remove the semicolon");
                break;
            case SqlFinding::Kind::kUnclosed:
                problems.add_in(report.sql_path,
                                finding.place,
                                "this quote or comment is not closed; close it");
                break;
        }
    }
    if (!reader.has_code()) {
        problems.add(place, fmt::format("'{}' holds no SQL; write a SELECT", report.sql_path));
        return;
    }
    for (const std::string& name : names) {
        if (!name.empty() && std::find(used.begin(), used.end(), name) == used.end()) {
            problems.add(place,
                         fmt::format("'{0}' does not use the parameter '{1}'; write ${1} in it or "
                                     "remove the parameter",
                                     report.sql_path,
                                     name));
        }
    }
}

void check_reports(const std::vector<Report>& reports,
                   const std::vector<const Node*>& nodes,
                   const std::vector<ReadTable>& tables,
                   Problems& problems) {
    std::vector<std::string> names;
    std::vector<std::string> paths;
    paths.reserve(tables.size());
    for (const ReadTable& read : tables) {
        paths.push_back("/" + read.table.path);
    }
    for (std::size_t i = 0; i < reports.size(); ++i) {
        const Place name_place = place_of_key(*nodes[i], "name");
        check_unique(names, reports[i].name.str(), "report", name_place, problems);
        const Node* aliases = nodes[i]->find("aliases");
        for (std::size_t j = 0; j < reports[i].aliases.size(); ++j) {
            const std::string& path = reports[i].aliases[j].path;
            const Place place = place_of_key(aliases->items[j], "path");
            if (path.empty()) {
                continue;  // its error is reported already
            }
            if (path.front() != '/' || !valid_path_segment(path.substr(1))) {
                problems.add(place,
                             fmt::format("the alias '{}' must be a slash and then lower-case "
                                         "letters, digits, '_' or '-', such as \"/hired2021\"",
                                         path));
            } else if (reserved_path_segment(path.substr(1))) {
                problems.add(place,
                             fmt::format("the REST path '{}' is reserved; choose another", path));
            } else {
                check_unique(paths, path, "REST path", place, problems);
            }
        }
    }
}

}  // namespace muster
