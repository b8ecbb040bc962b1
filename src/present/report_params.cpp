#include "present/report_params.h"

#include "core/text.h"
#include "types/decode.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

Result<Value> param_value(const ReportParam& param,
                          const std::string& text,
                          std::string_view prefix) {
    const auto bad = [&](const std::string& what) {
        return Error{ErrorCode::kUsage,
                     fmt::format("{}{}: '{}' {}", prefix, param.name, text, what)};
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
    if (param.min && value < *param.min) {
        return bad(fmt::format("is below {}", value_text(param.type, *param.min)));
    }
    if (param.max && *param.max < value) {
        return bad(fmt::format("is above {}", value_text(param.type, *param.max)));
    }
    return value;
}

Result<void> check_names(const Report& report,
                         const std::map<std::string, std::string>& texts,
                         std::string_view prefix,
                         std::vector<std::string> known) {
    for (const ReportParam& param : report.params) {
        known.push_back(fmt::format("{}{}", prefix, param.name));
    }
    for (const auto& [name, text] : texts) {
        const auto same = [&name = name](const ReportParam& param) { return param.name == name; };
        if (std::none_of(report.params.begin(), report.params.end(), same)) {
            const std::string shown = fmt::format("{}{}", prefix, name);
            return Error{ErrorCode::kUsage,
                         fmt::format("the report {} has no parameter '{}'{}",
                                     report.name.str(),
                                     shown,
                                     did_you_mean(shown, known)),
                         "`muster report` lists the parameters"};
        }
    }
    return {};
}

}  // namespace

Result<std::vector<QueryParam>> bind_report_params(const Report& report,
                                                   const std::map<std::string, std::string>& texts,
                                                   std::string_view prefix,
                                                   const std::vector<std::string>& known) {
    MUSTER_TRY(check_names(report, texts, prefix, known));
    std::vector<QueryParam> params;
    for (const ReportParam& param : report.params) {
        const auto given = texts.find(param.name);
        if (given != texts.end()) {
            MUSTER_ASSIGN(auto value, param_value(param, given->second, prefix));
            params.push_back({param.name, param.type, std::move(value)});
        } else if (param.default_value) {
            params.push_back({param.name, param.type, *param.default_value});
        } else {
            return Error{ErrorCode::kUsage,
                         fmt::format("the report {} needs {}{} {}",
                                     report.name.str(),
                                     prefix,
                                     param.name,
                                     type_text(param.type))};
        }
    }
    return params;
}

}  // namespace muster
