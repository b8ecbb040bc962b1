#include "cli/json.h"
#include "cli/rows.h"
#include "cli/select.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"
#include "core/text.h"
#include "types/decode.h"

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

bool less_value(const Value& left, const Value& right) { return left < right; }

Result<Value> param_value(const ReportParam& param, const std::string& text) {
    const auto bad = [&](const std::string& what) {
        return Error{ErrorCode::kUsage, fmt::format("--{}: '{}' {}", param.name, text, what)};
    };
    Value value;
    switch (decode_value(param.type, {}, text, value)) {
        case DecodeStatus::kOk:
            break;
        case DecodeStatus::kMalformed:
            return bad(fmt::format("is no {}", type_text(param.type)));
        case DecodeStatus::kOutOfRange:
            return bad(fmt::format("does not fit {}", type_text(param.type)));
    }
    if (param.min && less_value(value, *param.min)) {
        return bad(fmt::format("is below {}", value_text(param.type, *param.min)));
    }
    if (param.max && less_value(*param.max, value)) {
        return bad(fmt::format("is above {}", value_text(param.type, *param.max)));
    }
    return value;
}

Result<std::vector<QueryParam>> bind_params(const Report& report, const ReportCall& call) {
    std::vector<std::string> options;
    for (const ReportParam& param : report.params) {
        options.push_back("--" + param.name);
    }
    for (const OptionSpec& option : global_options()) {
        options.push_back(fmt::format("--{}", option.name));
    }
    for (const auto& [name, text] : call.params) {
        const std::string option = "--" + name;
        const bool known = std::any_of(
            report.params.begin(), report.params.end(), [&name = name](const ReportParam& param) {
                return param.name == name;
            });
        if (!known) {
            return Error{ErrorCode::kUsage,
                         fmt::format("the report {} has no parameter '{}'{}",
                                     report.name.str(),
                                     option,
                                     did_you_mean(option, options)),
                         "`muster report` lists the parameters"};
        }
    }
    std::vector<QueryParam> params;
    for (const ReportParam& param : report.params) {
        const auto given = call.params.find(param.name);
        if (given != call.params.end()) {
            MUSTER_ASSIGN(auto value, param_value(param, given->second));
            params.push_back({param.name, param.type, std::move(value)});
        } else if (param.default_value) {
            params.push_back({param.name, param.type, *param.default_value});
        } else {
            return Error{ErrorCode::kUsage,
                         fmt::format("the report {} needs --{} {}",
                                     report.name.str(),
                                     param.name,
                                     type_text(param.type))};
        }
    }
    return params;
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
    MUSTER_ASSIGN(auto stream, warehouse->report(*report, params));
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
