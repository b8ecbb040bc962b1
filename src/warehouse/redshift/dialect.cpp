#include "warehouse/redshift/dialect.h"

#include "warehouse/detail/table_sql.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster::redshift {
namespace {

constexpr std::size_t kBytesPerCharacter = 4;

bool referenced(const Catalog* catalog, const Table& table) {
    if (catalog == nullptr) {
        return false;
    }
    for (const Table& other : catalog->tables) {
        for (const Reference& reference : other.references) {
            if (reference.table == table.name) {
                return true;
            }
        }
    }
    return false;
}

std::string temporary(const Table& table, const std::string& name, const std::string& more) {
    std::string columns;
    for (const Column& column : table.columns) {
        columns += (columns.empty() ? "" : ", ") + sql::identifier(column.name) + " " +
                   type_name(column.type);
    }
    return fmt::format("CREATE TEMP TABLE {} ({}{}) DISTSTYLE KEY DISTKEY ({})",
                       name,
                       columns,
                       more,
                       sql::identifier(table.key.front()));
}

Result<std::string> role_sql(const std::string& role) {
    if (role == "default") {
        return std::string("IAM_ROLE default");
    }
    MUSTER_ASSIGN(const std::string quoted, literal(role));
    return "IAM_ROLE " + quoted;
}

Result<std::string> copy_sql(const std::string& relation,
                             const CopyTarget& from,
                             const char* format) {
    MUSTER_ASSIGN(const std::string url, literal(from.url));
    MUSTER_ASSIGN(const std::string role, role_sql(from.role));
    return fmt::format("COPY {} FROM {} {} FORMAT AS {} MANIFEST", relation, url, role, format);
}

}  // namespace

std::size_t text_bytes_max(const Column& column) {
    if (!column.max_length || *column.max_length > kVarcharBytesMax / kBytesPerCharacter) {
        return kVarcharBytesMax;
    }
    return std::max<std::size_t>(1, *column.max_length * kBytesPerCharacter);
}

std::string column_type(const Column& column) {
    return column.type.kind == TypeKind::kString
               ? fmt::format("VARCHAR({})", text_bytes_max(column))
               : type_name(column.type);
}

std::string type_name(const ColumnType& type) {
    switch (type.kind) {
        case TypeKind::kInt32:
            return "INTEGER";
        case TypeKind::kInt64:
            return "BIGINT";
        case TypeKind::kDecimal:
            return fmt::format("DECIMAL({},{})", type.precision, type.scale);
        case TypeKind::kDouble:
            return "DOUBLE PRECISION";
        case TypeKind::kBool:
            return "BOOLEAN";
        case TypeKind::kDate:
            return "DATE";
        case TypeKind::kTimestamp:
            return "TIMESTAMP";
        case TypeKind::kString:
            break;
    }
    return fmt::format("VARCHAR({})", kVarcharBytesMax);
}

Result<void> check_types(const Table& table) {
    constexpr int kScaleMax = 37;
    for (const Column& column : table.columns) {
        if (column.type.kind == TypeKind::kDecimal && column.type.scale > kScaleMax) {
            return Error{ErrorCode::kUsage,
                         fmt::format("column {} of table {} is a {}, and Redshift has no decimal of"
                                     " more than {} digits behind the point",
                                     column.name,
                                     table.name.str(),
                                     type_text(column.type),
                                     kScaleMax),
                         "give the column a smaller scale in the catalog",
                         ""};
        }
    }
    return {};
}

std::string create_table(const Catalog* catalog, const Table& table, const std::string& relation) {
    std::string columns;
    for (const Column& column : table.columns) {
        const bool may_be_null = column.nullable && !table.is_key(column.name);
        columns += fmt::format("{}{} {}{}",
                               columns.empty() ? "" : ", ",
                               sql::identifier(column.name),
                               column_type(column),
                               may_be_null ? "" : " NOT NULL");
    }
    const std::string spread =
        referenced(catalog, table)
            ? "DISTSTYLE AUTO"
            : "DISTSTYLE KEY DISTKEY (" + sql::identifier(table.key.front()) + ")";
    return fmt::format("CREATE TABLE {} ({}) {} COMPOUND SORTKEY ({})",
                       relation,
                       columns,
                       spread,
                       sql::column_list(table.key));
}

std::string create_stage(const Table& table, const std::string& name) {
    return temporary(table, name, ", _position BIGINT");
}

std::string create_restore_stage(const Table& table, const std::string& name) {
    return temporary(table, name, "");
}

std::string column_equal(const Column& column, const std::string& left, const std::string& right) {
    if (column.type.kind != TypeKind::kString) {
        return left + " = " + right;
    }
    return fmt::format("{0} = {1} AND OCTET_LENGTH({0}) = OCTET_LENGTH({1})", left, right);
}

std::string key_equal(const Table& table, std::string_view left, std::string_view right) {
    std::string out;
    for (const std::string& name : table.key) {
        out += out.empty() ? "" : " AND ";
        out += column_equal(*table.find_column(name),
                            std::string(left) + sql::identifier(name),
                            std::string(right) + sql::identifier(name));
    }
    return out;
}

std::string values_differ(const Table& table, std::string_view left, std::string_view right) {
    std::string out;
    for (const Column& column : table.columns) {
        if (table.is_key(column.name)) {
            continue;
        }
        const std::string name = sql::identifier(column.name);
        const std::string one = std::string(left) + name;
        const std::string other = std::string(right) + name;
        out += out.empty() ? "" : " OR ";
        out += fmt::format("{0} <> {1}", one, other);
        if (column.type.kind == TypeKind::kString) {
            out += fmt::format(" OR OCTET_LENGTH({0}) <> OCTET_LENGTH({1})", one, other);
        }
        if (column.nullable) {
            out += fmt::format(
                " OR ({0} IS NULL AND {1} IS NOT NULL) OR ({0} IS NOT NULL AND {1} IS NULL)",
                one,
                other);
        }
    }
    return out.empty() ? "1 = 0" : "(" + out + ")";
}

Result<std::string> literal(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\\' || byte < 0x20 || byte == 0x7F) {
            return Error{ErrorCode::kUsage,
                         "'" + std::string(text) +
                             "' holds a backslash or a control character, which no statement for"
                             " Redshift can name",
                         "use another bucket, prefix or role",
                         ""};
        }
        out += c;
        if (c == '\'') {
            out += c;
        }
    }
    return out + "'";
}

Result<std::string> copy_parquet(const std::string& relation, const CopyTarget& from) {
    return copy_sql(relation, from, "PARQUET");
}

Result<std::string> copy_csv(const std::string& relation, const CopyTarget& from) {
    return copy_sql(relation, from, "CSV");
}

Result<std::string> unload_parquet(const std::string& select, const CopyTarget& to) {
    MUSTER_ASSIGN(const std::string query, literal(select));
    MUSTER_ASSIGN(const std::string url, literal(to.url));
    MUSTER_ASSIGN(const std::string role, role_sql(to.role));
    return fmt::format("UNLOAD ({}) TO {} {} FORMAT AS PARQUET MANIFEST VERBOSE", query, url, role);
}

}  // namespace muster::redshift
