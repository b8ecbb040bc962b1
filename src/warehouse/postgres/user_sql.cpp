#include "warehouse/postgres/user_sql.h"

#include "core/text.h"
#include "warehouse/postgres/sql_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace muster {

namespace {

// Names and, with '*' at the end, beginnings of names.
constexpr std::array<std::string_view, 37> kFunctionsRefused = {
    // files of the server
    "pg_read_*",
    "pg_ls_*",
    "pg_stat_file",
    "pg_file_*",
    "pg_current_logfile",
    "lo_*",
    "loread",
    "lowrite",
    "pg_import_*",
    // other servers and the operating system
    "dblink*",
    "postgres_fdw_*",
    "http_*",
    // locks that outlive the transaction: muster's gates are such
    "pg_advisory_*",
    "pg_try_advisory_*",
    // sessions, settings and the server itself
    "pg_terminate_backend",
    "pg_cancel_backend",
    "set_config",
    "pg_reload_conf",
    "pg_rotate_logfile*",
    "pg_promote",
    "pg_switch_wal",
    "pg_create_restore_point",
    "pg_backup_*",
    "pg_logical_*",
    "pg_replication_*",
    "pg_create_*",
    "pg_drop_*",
    "pg_log_*",
    "pg_notify",
    "pg_export_snapshot",
    "pg_stat_reset*",
    "pg_sleep*",
    // SQL in a text
    "query_to_xml*",
    "cursor_to_xml*",
    "ts_stat",
    "ts_rewrite",
    "crosstab*",
};

bool refused_name(std::string_view name) {
    return std::any_of(kFunctionsRefused.begin(), kFunctionsRefused.end(), [name](auto pattern) {
        return glob_match(pattern, name);
    });
}

Error refused(std::string reason) {
    return Error{ErrorCode::kUsage,
                 std::move(reason),
                 "a query is one SELECT over the warehouse's tables; it reads no files and changes"
                 " nothing",
                 ""};
}

// "Name" without its quotes.
std::string unquoted(std::string_view text) {
    std::string name;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        name += text[i];
        if (text[i] == '"') {
            ++i;
        }
    }
    return name;
}

}  // namespace

std::string trimmed_sql(std::string_view sql) {
    while (!sql.empty() && (sql.back() == ';' || sql.back() == ' ' || sql.back() == '\n' ||
                            sql.back() == '\r' || sql.back() == '\t')) {
        sql.remove_suffix(1);
    }
    return std::string(sql);
}

Result<void> check_user_query(std::string_view sql) {
    SqlLexer lexer(sql);
    bool first = true;
    int depth = 0;
    std::string name;  // the token before, if it is one
    for (;;) {
        const SqlToken token = lexer.next();
        if (token.kind == SqlTokenKind::kEnd) {
            return first ? refused("the query is empty") : Result<void>();
        }
        if (token.kind == SqlTokenKind::kSpace) {
            continue;
        }
        if (token.text == "(" && refused_name(name)) {
            return refused("the function " + name + " is not allowed in a query");
        }
        depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
        if (token.text == ";" || depth < 0) {
            return refused("a query is one statement");
        }
        name.clear();
        if (token.kind == SqlTokenKind::kWord) {
            name = ascii_lower(token.text);
        } else if (token.kind == SqlTokenKind::kQuotedName) {
            if (token.text.front() != '"') {
                return refused("names in U&\"...\" are not allowed in a query");
            }
            name = unquoted(token.text);
        }
        // An opening parenthesis may stand before SELECT.
        if (first && token.text != "(") {
            if (name != "select" && name != "with" && name != "values" && name != "table") {
                return refused("only a SELECT statement is allowed in a query");
            }
            first = false;
        }
    }
}

Result<NumberedSql> number_params(std::string_view sql,
                                  const std::vector<QueryParam>& params,
                                  TypeNamer type_name) {
    NumberedSql numbered;
    std::map<std::string_view, std::string> texts;
    SqlLexer lexer(sql);
    for (;;) {
        const SqlToken token = lexer.next();
        if (token.kind == SqlTokenKind::kEnd) {
            return numbered;
        }
        if (token.kind != SqlTokenKind::kParameter) {
            numbered.sql += token.text;
            continue;
        }
        const std::string_view name = token.text.substr(1);
        const auto param = std::find_if(
            params.begin(), params.end(), [name](const auto& one) { return one.name == name; });
        if (param == params.end()) {
            return Error{ErrorCode::kUsage,
                         fmt::format("the SQL uses ${}, which is no parameter", name),
                         "declare it in `params` of the report",
                         ""};
        }
        std::string& text = texts[name];
        if (text.empty()) {
            numbered.params.add(param->type, param->value);
            text = fmt::format(
                "CAST(${} AS {})", numbered.params.list().size(), type_name(param->type));
        }
        numbered.sql += text;
    }
}

}  // namespace muster
