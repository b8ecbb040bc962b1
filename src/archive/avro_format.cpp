#include "archive/avro_format.h"

#include "archive/detail/avro_header.h"
#include "archive/detail/avro_long.h"
#include "core/check.h"
#include "core/limits.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <sys/random.h>

namespace muster {

namespace {

constexpr std::string_view kSchemaKey = "avro.schema";
constexpr std::string_view kCodecKey = "avro.codec";

bool lower_case_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return letter(c) || (c >= '0' && c <= '9');
           });
}

Error bad_name(std::string_view name) {
    return Error{ErrorCode::kUsage,
                 fmt::format("'{}' cannot be a name in an Avro file", name),
                 "use lower-case letters, digits and '_', no digit first",
                 ""};
}

std::string_view avro_type(TypeKind kind) {
    switch (kind) {
        case TypeKind::kInt32:
            return "int";
        case TypeKind::kInt64:
            return "long";
        case TypeKind::kDouble:
            return "double";
        case TypeKind::kBool:
            return "boolean";
        case TypeKind::kString:
        case TypeKind::kDecimal:
        case TypeKind::kDate:
        case TypeKind::kTimestamp:
            return "string";
    }
    return "string";
}

void append_long(std::string& out, std::int64_t value) {
    std::array<char, kAvroLongBytesMax> bytes{};
    const char* end = put_avro_long(bytes.data(), value);
    out.append(bytes.data(), static_cast<std::size_t>(end - bytes.data()));
}

void append_string(std::string& out, std::string_view text) {
    append_long(out, static_cast<std::int64_t>(text.size()));
    out += text;
}

// The parts of a header as they come. After a fault nothing more is read.
class HeaderCursor {
  public:
    explicit HeaderCursor(std::string_view bytes)
        : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    bool skip(std::string_view expected) { return take(expected.size()) == expected; }
    std::int64_t number() {
        std::int64_t value = 0;
        at_ = at_ == nullptr ? nullptr : read_avro_long(at_, end_, value);
        return value;
    }
    std::string_view text() {
        const std::int64_t bytes = number();
        return take(bytes < 0 ? std::size_t{0} - 1 : static_cast<std::size_t>(bytes));
    }
    std::string_view take(std::size_t bytes) {
        if (at_ == nullptr || bytes > static_cast<std::size_t>(end_ - at_)) {
            at_ = nullptr;
            return {};
        }
        const std::string_view taken(at_, bytes);
        at_ += bytes;
        return taken;
    }
    bool ok() const { return at_ != nullptr; }
    std::size_t used() const { return static_cast<std::size_t>(at_ - begin_); }

  private:
    const char* begin_;
    const char* at_;
    const char* end_;
};

constexpr std::string_view kCutHeader = "the header is damaged or cut off";

// The entries of a header that is muster's: schema and codec, each once, and nothing else.
std::string read_entry(HeaderCursor& cursor,
                       std::optional<std::string_view>& schema,
                       std::optional<std::string_view>& codec) {
    const std::string_view key = cursor.text();
    const std::string_view value = cursor.text();
    if (!cursor.ok()) {
        return std::string(kCutHeader);
    }
    if (key != kSchemaKey && key != kCodecKey) {
        return "the header has an unknown entry";
    }
    std::optional<std::string_view>& entry = key == kSchemaKey ? schema : codec;
    if (entry) {
        return fmt::format("the header has {} twice", key);
    }
    entry = value;
    return {};
}

std::string read_entries(HeaderCursor& cursor, const std::string& schema, AvroCodec& codec) {
    std::optional<std::string_view> found_schema;
    std::optional<std::string_view> found_codec;
    for (std::int64_t count = cursor.number(); count != 0; count = cursor.number()) {
        if (!cursor.ok() || count < 0) {
            return std::string(kCutHeader);
        }
        for (; count > 0; --count) {
            if (std::string problem = read_entry(cursor, found_schema, found_codec);
                !problem.empty()) {
                return problem;
            }
        }
    }
    if (!cursor.ok()) {
        return std::string(kCutHeader);
    }
    if (!found_schema || !found_codec) {
        return "the header has no schema or no codec";
    }
    if (*found_schema != schema) {
        return "the schema is not that of the table";
    }
    auto parsed = parse_avro_codec(*found_codec);
    if (!parsed.ok()) {
        return "the codec is none of null, deflate, snappy";
    }
    codec = *parsed;
    return {};
}

}  // namespace

std::string_view avro_codec_name(AvroCodec codec) {
    switch (codec) {
        case AvroCodec::kNull:
            return "null";
        case AvroCodec::kDeflate:
            return "deflate";
        case AvroCodec::kSnappy:
            return "snappy";
    }
    return "null";
}

Result<AvroCodec> parse_avro_codec(std::string_view name) {
    for (const AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy}) {
        if (name == avro_codec_name(codec)) {
            return codec;
        }
    }
    return Error{ErrorCode::kUsage,
                 fmt::format("'{}' is no codec of Avro that muster writes", name),
                 "use null, deflate or snappy",
                 ""};
}

AvroSync new_avro_sync() {
    AvroSync sync{};
    MUSTER_CHECK(getrandom(sync.data(), sync.size(), 0) == static_cast<ssize_t>(sync.size()));
    return sync;
}

Result<std::string> avro_schema(const ArchiveTable& table) {
    if (!lower_case_name(table.name)) {
        return bad_name(table.name);
    }
    if (table.columns.empty()) {
        return Error{ErrorCode::kUsage,
                     fmt::format("table {} has no column: Avro cannot hold it", table.name),
                     "",
                     ""};
    }
    std::string fields;
    std::set<std::string_view> names;
    for (const ArchiveColumn& column : table.columns) {
        if (!lower_case_name(column.name)) {
            return bad_name(column.name);
        }
        if (!names.insert(column.name).second) {
            return Error{ErrorCode::kUsage,
                         fmt::format("table {} has column {} twice", table.name, column.name),
                         "",
                         ""};
        }
        const std::string_view type = avro_type(column.type.kind);
        fields += fmt::format(R"({}{{"name":"{}","doc":"{}","type":)",
                              fields.empty() ? "" : ",",
                              column.name,
                              type_text(column.type));
        fields += column.nullable ? fmt::format(R"(["null","{}"],"default":null}})", type)
                                  : fmt::format(R"("{}"}})", type);
    }
    return fmt::format(R"({{"type":"record","name":"{}","fields":[{}]}})", table.name, fields);
}

Result<std::string> avro_header(const ArchiveTable& table, AvroCodec codec, const AvroSync& sync) {
    MUSTER_ASSIGN(const std::string schema, avro_schema(table));
    std::string header(kAvroMagic);
    append_long(header, 2);
    append_string(header, kSchemaKey);
    append_string(header, schema);
    append_string(header, kCodecKey);
    append_string(header, avro_codec_name(codec));
    append_long(header, 0);
    header.append(sync.data(), sync.size());
    if (header.size() > kAvroHeaderBytesMax) {
        return Error{ErrorCode::kConflict,
                     fmt::format("the Avro header of table {} takes {} bytes, at most {} are "
                                 "allowed",
                                 table.name,
                                 header.size(),
                                 kAvroHeaderBytesMax),
                     "the table has too many columns for Avro: save it as Parquet only",
                     ""};
    }
    return header;
}

std::string read_avro_header(std::string_view bytes,
                             const std::string& schema,
                             AvroHeader& header) {
    HeaderCursor cursor(bytes);
    if (!cursor.skip(kAvroMagic)) {
        return "it is no Avro file";
    }
    if (std::string problem = read_entries(cursor, schema, header.codec); !problem.empty()) {
        return problem;
    }
    const std::string_view sync = cursor.take(header.sync.size());
    if (!cursor.ok()) {
        return std::string(kCutHeader);
    }
    std::memcpy(header.sync.data(), sync.data(), sync.size());
    header.bytes = cursor.used();
    return {};
}

}  // namespace muster
