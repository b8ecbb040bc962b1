#include "cli/rows.h"
#include "cli/select.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "present/report_params.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

// The words of `muster report`: the name and the parameters, --year 2021 or --year=2021.
struct ReportCall {
    std::string name;
    std::map<std::string, std::string> params;
};

Result<ReportCall> read_call(const std::vector<std::string>& words) {
    ReportCall call;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (!word.starts_with("--")) {
            if (word.starts_with("-") && word.size() > 1) {
                return Error{ErrorCode::kUsage, fmt::format("unknown option '{}'", word)};
            }
            if (!call.name.empty()) {
                return Error{ErrorCode::kUsage,
                             fmt::format("one report at a time, not '{}' too", word)};
            }
            call.name = word;
            continue;
        }
        const std::size_t equals = word.find('=');
        if (equals != std::string::npos) {
            call.params[word.substr(2, equals - 2)] = word.substr(equals + 1);
        } else if (i + 1 < words.size()) {
            call.params[word.substr(2)] = words[++i];
        } else {
            return Error{ErrorCode::kUsage, fmt::format("{} needs a value", word)};
        }
    }
    return call;
}

Result<std::vector<QueryParam>> bind_params(const Report& report, const ReportCall& call) {
    std::vector<std::string> options;
    for (const OptionSpec& option : global_options()) {
        options.push_back(fmt::format("--{}", option.name));
    }
    return bind_report_params(report, call.params, "--", options);
}

std::string params_text(const Report& report) {
    std::string text;
    for (const ReportParam& param : report.params) {
        text += text.empty() ? "" : " ";
        text += "--" + param.name;
        if (param.default_value) {
            text += "=" + value_text(param.type, *param.default_value);
        }
    }
    return text;
}

void list_reports(VerbContext& context) {
    RowPrinter printer{context.console,
                       {text_column("name"), text_column("params"), text_column("title")}};
    for (const Report& report : context.catalog->reports) {
        printer.add({text_value(report.name.str()),
                     text_value(params_text(report)),
                     text_value(report.title)});
    }
    printer.finish();
}

bool names_a_report(const Arguments& arguments) { return !arguments.rest.empty(); }

Result<int> run_report(VerbContext& context) {
    MUSTER_ASSIGN(const ReportCall call, read_call(context.arguments.rest));
    if (call.name.empty()) {
        if (!call.params.empty()) {
            return Error{
                ErrorCode::kUsage, "which report?", "`muster report` without arguments lists them"};
        }
        list_reports(context);
        return 0;
    }
    MUSTER_ASSIGN(const Report* report, select_report(*context.catalog, call.name));
    MUSTER_ASSIGN(const auto params, bind_params(*report, call));
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse_for(*context.catalog));
    MUSTER_ASSIGN(auto stream, warehouse->report(*report, params, &context.cancel));
    MUSTER_ASSIGN(const std::size_t rows, print_stream(context.console, *stream, context.cancel));
    context.console.detail(fmt::format("{} rows", rows));
    return 0;
}

}  // namespace

VerbSpec report_verb() {
    return {
        .name = "report",
        .words = "[NAME] [--PARAMETER VALUE ...]",
        .summary = "runs a report; without a name lists them",
        .example = "muster report hires_by_quarter --year 2021 --json",
        .words_max = 1,
        .completes = Words::kReports,
        .open_options = true,
        .needs_catalog = true,
        .needs_database = names_a_report,
        .run = run_report,
    };
}

}  // namespace muster
