#include "archive_rows.h"

#include "core/check.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace muster {

namespace {

constexpr std::int64_t kDayMin = -719'162;
constexpr std::int64_t kDayMax = 2'932'896;
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;

Int128 power_of_ten(int exponent) {
    Int128 power = 1;
    for (int i = 0; i < exponent; ++i) {
        power *= 10;
    }
    return power;
}

template <typename T>
std::vector<Value> values_of(std::initializer_list<T> list) {
    return {list.begin(), list.end()};
}

Value random_value(const ColumnType& type, std::mt19937_64& random) {
    const auto number = [&random] { return static_cast<std::int64_t>(random()); };
    // Of every size, not mostly of the largest.
    const auto sized = [&] { return number() >> (random() % 64); };
    switch (type.kind) {
        case TypeKind::kInt32:
            return std::int64_t{static_cast<std::int32_t>(sized())};
        case TypeKind::kInt64:
            return sized();
        case TypeKind::kDecimal: {
            const Int128 wide =
                static_cast<Int128>(static_cast<Uint128>(random()) << 64U | random());
            return wide % power_of_ten(1 + static_cast<int>(random() % static_cast<std::uint64_t>(
                                                                           type.precision)));
        }
        case TypeKind::kDouble: {
            const double value = std::bit_cast<double>(random());
            return std::isfinite(value) ? value : 1.5;
        }
        case TypeKind::kBool:
            return random() % 2 == 0;
        case TypeKind::kString: {
            static const std::vector<std::string> kPieces = {
                "a", "Zo\u00eb", "\u65e5\u672c", "\U0001F642", " ", "\"", "\\", "\n", ",", "0"};
            std::string text;
            for (std::size_t i = random() % 12; i > 0; --i) {
                text += kPieces[random() % kPieces.size()];
            }
            return text;
        }
        case TypeKind::kDate:
            return kDayMin + static_cast<std::int64_t>(
                                 random() % static_cast<std::uint64_t>(kDayMax - kDayMin + 1));
        case TypeKind::kTimestamp: {
            const auto days = static_cast<std::uint64_t>(kDayMax - kDayMin + 1);
            const auto micros =
                static_cast<std::int64_t>(random() % (days * std::uint64_t{kMicrosPerDay}));
            const std::int64_t at = kDayMin * kMicrosPerDay + micros;
            return random() % 2 == 0 ? at : at - micros % 1'000'000;
        }
    }
    return {};
}

template <typename Target>
void add_value(Target& target, const ColumnType& type, const Value& value) {
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return target.add_int64(std::get<std::int64_t>(value));
        case TypeKind::kDecimal:
            return target.add_decimal(std::get<Int128>(value));
        case TypeKind::kDouble:
            return target.add_double(std::get<double>(value));
        case TypeKind::kBool:
            return target.add_bool(std::get<bool>(value));
        case TypeKind::kString:
            return target.add_string(std::get<std::string>(value));
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            break;
    }
    const std::int64_t integer = std::get<std::int64_t>(value);
    if constexpr (std::is_same_v<Target, AvroBlockBuilder>) {
        return type.kind == TypeKind::kDate ? target.add_date(integer)
                                            : target.add_timestamp(integer);
    } else {
        return target.add_int64(integer);
    }
}

template <typename Target>
void add_fields(Target& target, const ArchiveTable& table, const Row& row) {
    MUSTER_CHECK(row.size() == table.columns.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (std::holds_alternative<std::monostate>(row[i])) {
            target.add_null();
        } else {
            add_value(target, table.columns[i].type, row[i]);
        }
    }
}

Value value_of(const ColumnType& type, const AvroField& field) {
    if (field.null) {
        return {};
    }
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return field.integer;
        case TypeKind::kDecimal:
            return field.unscaled;
        case TypeKind::kDouble:
            return field.real;
        case TypeKind::kBool:
            return field.integer != 0;
        case TypeKind::kString:
            return std::string(field.text);
    }
    return {};
}

}  // namespace

ArchiveTable every_type() {
    return {"every_type",
            {{"id", {TypeKind::kInt64, 0, 0}, false},
             {"small", {TypeKind::kInt32, 0, 0}, true},
             {"d4", {TypeKind::kDecimal, 4, 1}, true},
             {"d9", {TypeKind::kDecimal, 9, 2}, true},
             {"d18", {TypeKind::kDecimal, 18, 0}, true},
             {"d38", {TypeKind::kDecimal, 38, 2}, true},
             {"d38_38", {TypeKind::kDecimal, 38, 38}, true},
             {"real", {TypeKind::kDouble, 0, 0}, true},
             {"truth", {TypeKind::kBool, 0, 0}, true},
             {"text", {TypeKind::kString, 0, 0}, true},
             {"day", {TypeKind::kDate, 0, 0}, true},
             {"at", {TypeKind::kTimestamp, 0, 0}, true}}};
}

std::vector<Row> edge_rows() {
    using Int64 = std::numeric_limits<std::int64_t>;
    using Int32 = std::numeric_limits<std::int32_t>;
    using Double = std::numeric_limits<double>;
    constexpr std::int64_t kMicrosMin = kDayMin * kMicrosPerDay;
    constexpr std::int64_t kMicrosMax = (kDayMax + 1) * kMicrosPerDay - 1;
    const Int128 ten17 = power_of_ten(17);
    const Int128 ten37 = power_of_ten(37);
    const Int128 most18 = power_of_ten(18) - 1;
    const Int128 most38 = power_of_ten(38) - 1;
    const std::string odd = "\"\\\n\t,'";
    const std::string large(70'000, 'x');
    const std::string far = "Zo\u00eb \u65e5\u672c \U0001F642";
    // 12 bytes are the most that DuckDB keeps within its string type.
    const std::vector<std::vector<Value>> columns = {
        values_of<std::int64_t>({Int64::min(), Int64::max(), 0, -1, 1, 2, 3}),
        values_of<std::int64_t>({Int32::min(), Int32::max(), 0, -1, 1, 63}),
        values_of<Int128>({-9'999, 9'999, 0, -1, 1, 10}),
        values_of<Int128>({-999'999'999, 999'999'999, 0, -1, 1, 100}),
        values_of<Int128>({-most18, most18, 0, -1, 1, ten17}),
        values_of<Int128>({-most38, most38, 0, -1, 1, ten37}),
        values_of<Int128>({-most38, most38, 0, -1, 1, ten37}),
        values_of<double>({Double::lowest(), Double::max(), 0.0, -0.0, Double::denorm_min(), 0.1}),
        values_of<bool>({false, true, false, true, true, false}),
        values_of<std::string>({"", far, large, odd, "exactly12by.", "exactly13byt."}),
        values_of<std::int64_t>({kDayMin, kDayMax, 0, -1, 59, 11'016}),
        values_of<std::int64_t>({kMicrosMin, kMicrosMax, 0, -1, 1'000'000, 1})};
    std::vector<Row> rows(columns[0].size());
    for (const std::vector<Value>& values : columns) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i].push_back(i < values.size() ? values[i] : Value());
        }
    }
    return rows;
}

std::vector<Row> random_rows(std::uint64_t seed, std::size_t count) {
    std::mt19937_64 random(seed);
    const ArchiveTable table = every_type();
    std::vector<Row> rows(count);
    for (std::size_t i = 0; i < count; ++i) {
        rows[i].emplace_back(static_cast<std::int64_t>(i));
        for (std::size_t column = 1; column < table.columns.size(); ++column) {
            rows[i].push_back(random() % 8 == 0 ? Value()
                                                : random_value(table.columns[column].type, random));
        }
    }
    return rows;
}

ArchiveTable example_table() {
    return {"prices",
            {{"id", {TypeKind::kInt64, 0, 0}, false},
             {"name", {TypeKind::kString, 0, 0}, true},
             {"price", {TypeKind::kDecimal, 10, 2}, true},
             {"since", {TypeKind::kDate, 0, 0}, true}}};
}

std::vector<Row> example_rows() {
    return {{std::int64_t{1}, std::string("Ana"), Int128{1250}, std::int64_t{1}},
            {std::int64_t{-2}, Value(), Int128{-1}, Value()}};
}

Uint128 hash_row(const ArchiveTable& table, const Row& row) {
    RowHasher hasher;
    add_fields(hasher, table, row);
    return hasher.finish();
}

FileContent content_of(const ArchiveTable& table, const std::vector<Row>& rows) {
    FileContent content;
    for (const Row& row : rows) {
        content.checksum.add(hash_row(table, row));
        ++content.rows;
    }
    return content;
}

void add_row(AvroBlockBuilder& builder, const ArchiveTable& table, const Row& row) {
    add_fields(builder, table, row);
}

Result<std::string> write_avro(const ArchiveTable& table,
                               const std::vector<Row>& rows,
                               AvroCodec codec,
                               std::size_t block_rows) {
    MUSTER_ASSIGN(std::string file, avro_header(table, codec, kTestSync));
    AvroBlockBuilder builder(table);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        add_row(builder, table, rows[i]);
        MUSTER_TRY(builder.end_row(hash_row(table, rows[i])));
        if ((i + 1) % block_rows == 0 || i + 1 == rows.size()) {
            MUSTER_ASSIGN(const std::string sealed,
                          avro_seal(table, codec, kTestSync, builder.take()));
            file += sealed;
        }
    }
    return file;
}

AvroSource source_of(const std::string& file) {
    return {"test.avro", file.size(), [&file](std::uint64_t offset, std::span<char> out) {
                const std::size_t from = std::min(static_cast<std::size_t>(offset), file.size());
                return Result<std::size_t>(file.copy(out.data(), out.size(), from));
            }};
}

Result<std::vector<Row>> read_avro(const ArchiveTable& table, const std::string& file) {
    MUSTER_ASSIGN(AvroReader reader, AvroReader::open(table, source_of(file)));
    AvroStoredBlock block;
    AvroRows rows(table);
    std::vector<Row> found;
    for (;;) {
        MUSTER_ASSIGN(const bool more_blocks, reader.next(block));
        if (!more_blocks) {
            return found;
        }
        MUSTER_TRY(rows.open(block));
        for (;;) {
            MUSTER_ASSIGN(const bool more_rows, rows.next());
            if (!more_rows) {
                break;
            }
            Row& row = found.emplace_back();
            for (std::size_t i = 0; i < table.columns.size(); ++i) {
                row.push_back(value_of(table.columns[i].type, rows.fields()[i]));
            }
        }
    }
}

}  // namespace muster
