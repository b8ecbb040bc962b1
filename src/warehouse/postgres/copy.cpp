// The format is that of "COPY ... (FORMAT binary)" in the manual of PostgreSQL: a signature, then
// rows of (number of fields, length and bytes of each), all numbers with the high byte first.
#include "warehouse/postgres/copy.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <libpq-fe.h>

namespace muster {

namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr std::size_t kSendBytes = 256U << 10;
constexpr std::int64_t kEpochDays = 10957;  // 1970-01-01 to 2000-01-01
constexpr std::int64_t kEpochUs = kEpochDays * 86400 * 1'000'000;

using Uint128 = unsigned __int128;

// numeric: groups of four digits, the first weighs 10000^weight.
constexpr unsigned kGroup = 10000;
constexpr int kGroupDigits = 4;
constexpr std::uint16_t kNegative = 0x4000;
constexpr std::size_t kGroupsMax = 12;
constexpr int kDigitsMax = 38;

struct Groups {
    std::array<std::uint16_t, kGroupsMax> last_first{};
    std::size_t count = 0;
    std::size_t zeros = 0;  // at the end of the number, not sent
};

template <typename Unsigned>
void split(Unsigned value, unsigned first_divisor, Groups& groups) {
    const auto put = [&groups](unsigned group) {
        groups.last_first[groups.count++] = static_cast<std::uint16_t>(group);
        if (group == 0 && groups.zeros + 1 == groups.count) {
            ++groups.zeros;
        }
    };
    if (first_divisor != kGroup) {  // the last group is not full
        put(static_cast<unsigned>(value % first_divisor) * (kGroup / first_divisor));
        value /= first_divisor;
    }
    for (; value != 0; value /= kGroup) {
        put(static_cast<unsigned>(value % kGroup));
    }
}

template <typename T>
T read_big_endian(const char* at) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(static_cast<std::make_unsigned_t<T>>(value) << 8U |
                               static_cast<unsigned char>(at[i]));
    }
    return value;
}

}  // namespace

// --- PgCopyWriter --------------------------------------------------------------------------------

PgCopyWriter::PgCopyWriter(PgConnection& connection, std::size_t columns)
    : connection_(&connection), columns_(columns) {}

PgCopyWriter::PgCopyWriter(PgCopyWriter&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      columns_(other.columns_),
      buffer_(std::move(other.buffer_)) {}

Result<PgCopyWriter> PgCopyWriter::open(PgConnection& connection,
                                        const std::string& target,
                                        std::size_t columns) {
    MUSTER_TRY(connection.send(fmt::format("COPY {} FROM STDIN (FORMAT binary)", target), {}));
    MUSTER_ASSIGN(pg_result * result, connection.receive());
    if (result == nullptr || connection.libpq().result_status(result) != PGRES_COPY_IN) {
        Error error = connection.failure(result, "starting a COPY");
        connection.drain();
        return error;
    }
    connection.libpq().clear(result);
    PgCopyWriter writer(connection, columns);
    writer.buffer_.reserve(kSendBytes + (kSendBytes >> 2U));
    writer.buffer_ += kSignature;
    writer.buffer_.append(8, '\0');  // flags, and no extension of the header
    return writer;
}

PgCopyWriter::~PgCopyWriter() {
    if (connection_ != nullptr && connection_->usable()) {
        connection_->libpq().put_copy_end(connection_->raw(), "stopped by the client");
        connection_->drain();
    }
}

template <typename T>
void PgCopyWriter::big_endian(T value) {
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    char bytes[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes[i] = static_cast<char>(bits >> (8 * (sizeof(T) - 1 - i)));
    }
    buffer_.append(bytes, sizeof(T));
}

void PgCopyWriter::length(std::size_t bytes) { big_endian(static_cast<std::int32_t>(bytes)); }

PgCopyWriter& PgCopyWriter::begin_row() {
    big_endian(static_cast<std::int16_t>(columns_));
    return *this;
}

PgCopyWriter& PgCopyWriter::add_null() {
    big_endian(std::int32_t{-1});
    return *this;
}

PgCopyWriter& PgCopyWriter::add_int32(std::int32_t value) {
    length(sizeof value);
    big_endian(value);
    return *this;
}

PgCopyWriter& PgCopyWriter::add_int64(std::int64_t value) {
    length(sizeof value);
    big_endian(value);
    return *this;
}

PgCopyWriter& PgCopyWriter::add_double(double value) {
    return add_int64(std::bit_cast<std::int64_t>(value));
}

PgCopyWriter& PgCopyWriter::add_bool(bool value) {
    length(1);
    buffer_ += static_cast<char>(value ? 1 : 0);
    return *this;
}

PgCopyWriter& PgCopyWriter::add_text(std::string_view text) {
    length(text.size());
    buffer_ += text;
    return *this;
}

PgCopyWriter& PgCopyWriter::add_date(std::int64_t days) {
    return add_int32(static_cast<std::int32_t>(days - kEpochDays));
}

PgCopyWriter& PgCopyWriter::add_timestamp(std::int64_t microseconds) {
    return add_int64(microseconds - kEpochUs);
}

PgCopyWriter& PgCopyWriter::add_decimal(Int128 value, int scale) {
    const bool negative = value < 0;
    const Uint128 size = negative ? -static_cast<Uint128>(value) : static_cast<Uint128>(value);
    constexpr std::array<unsigned, kGroupDigits> kDivisors = {kGroup, 10, 100, 1000};
    const unsigned divisor = kDivisors[static_cast<std::size_t>(scale % kGroupDigits)];
    Groups groups;
    if (size >> 64U == 0) {
        split(static_cast<std::uint64_t>(size), divisor, groups);
    } else {
        split(size, divisor, groups);
    }
    const std::size_t sent = groups.count - groups.zeros;
    const int fraction_groups = (scale + kGroupDigits - 1) / kGroupDigits;
    const int weight = sent == 0 ? 0 : static_cast<int>(groups.count) - 1 - fraction_groups;
    length(8 + 2 * sent);
    big_endian(static_cast<std::int16_t>(sent));
    big_endian(static_cast<std::int16_t>(weight));
    big_endian(static_cast<std::uint16_t>(negative ? kNegative : 0));
    big_endian(static_cast<std::int16_t>(scale));
    for (std::size_t i = groups.count; i > groups.zeros; --i) {
        big_endian(groups.last_first[i - 1]);
    }
    return *this;
}

PgCopyWriter& PgCopyWriter::add(const ColumnType& type, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) {
        return add_null();
    }
    switch (type.kind) {
        case TypeKind::kInt32:
            return add_int32(static_cast<std::int32_t>(std::get<std::int64_t>(value)));
        case TypeKind::kInt64:
            return add_int64(std::get<std::int64_t>(value));
        case TypeKind::kDecimal:
            return add_decimal(std::get<Int128>(value), type.scale);
        case TypeKind::kDouble:
            return add_double(std::get<double>(value));
        case TypeKind::kBool:
            return add_bool(std::get<bool>(value));
        case TypeKind::kString:
            return add_text(std::get<std::string>(value));
        case TypeKind::kDate:
            return add_date(std::get<std::int64_t>(value));
        case TypeKind::kTimestamp:
            return add_timestamp(std::get<std::int64_t>(value));
    }
    return *this;
}

Result<void> PgCopyWriter::send() {
    for (;;) {
        const int sent = connection_->libpq().put_copy_data(
            connection_->raw(), buffer_.data(), static_cast<int>(buffer_.size()));
        if (sent < 0) {
            return connection_->failure(nullptr, "sending rows");
        }
        if (sent > 0) {
            buffer_.clear();
            return connection_->flush();
        }
        MUSTER_TRY(connection_->wait(true));
    }
}

Result<void> PgCopyWriter::end_row() {
    return buffer_.size() < kSendBytes ? Result<void>() : send();
}

Result<std::int64_t> PgCopyWriter::close() {
    big_endian(std::int16_t{-1});
    MUSTER_TRY(send());
    PgConnection& connection = *connection_;
    while (connection.libpq().put_copy_end(connection.raw(), nullptr) == 0) {
        MUSTER_TRY(connection.wait(true));
    }
    connection_ = nullptr;
    MUSTER_TRY(connection.flush());
    MUSTER_ASSIGN(pg_result * result, connection.receive());
    if (result == nullptr || connection.libpq().result_status(result) != PGRES_COMMAND_OK) {
        Error error = connection.failure(result, "loading rows");
        connection.drain();
        return error;
    }
    const PgRows done(connection.libpq(), result);
    connection.drain();
    return done.rows_changed();
}

// --- PgCopyReader --------------------------------------------------------------------------------

PgCopyReader::PgCopyReader(PgCopyReader&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      buffer_(std::exchange(other.buffer_, nullptr)),
      bytes_(other.bytes_),
      header_seen_(other.header_seen_),
      ended_(other.ended_),
      fields_(std::move(other.fields_)) {}

Result<PgCopyReader> PgCopyReader::open(PgConnection& connection, const std::string& query) {
    MUSTER_TRY(connection.send(fmt::format("COPY (\n{}\n) TO STDOUT (FORMAT binary)", query), {}));
    MUSTER_ASSIGN(pg_result * result, connection.receive());
    if (result == nullptr || connection.libpq().result_status(result) != PGRES_COPY_OUT) {
        Error error = connection.failure(result, "starting a COPY");
        connection.drain();
        return error;
    }
    connection.libpq().clear(result);
    return PgCopyReader(connection);
}

PgCopyReader::~PgCopyReader() {
    if (connection_ == nullptr) {
        return;
    }
    if (!ended_ && connection_->usable()) {
        connection_->interrupt();
        for (auto more = fetch(); more.ok() && *more; more = fetch()) {
        }
    }
    connection_->libpq().freemem(buffer_);
}

// The next piece of data, a whole row, after the header at the start of the first.
Result<bool> PgCopyReader::fetch() {
    const Libpq& libpq = connection_->libpq();
    for (;;) {
        libpq.freemem(buffer_);
        buffer_ = nullptr;
        bytes_ = libpq.get_copy_data(connection_->raw(), &buffer_, 1);
        if (bytes_ > 0) {
            return true;
        }
        if (bytes_ < 0) {
            return end();
        }
        MUSTER_TRY(connection_->wait(false));
    }
}

// The result behind the data says whether it is complete.
Result<bool> PgCopyReader::end() {
    ended_ = true;
    MUSTER_ASSIGN(pg_result * result, connection_->receive());
    if (result == nullptr || connection_->libpq().result_status(result) != PGRES_COMMAND_OK) {
        Error error = connection_->failure(result, "reading rows");
        connection_->drain();
        return error;
    }
    connection_->libpq().clear(result);
    connection_->drain();
    return false;
}

Result<bool> PgCopyReader::next() {
    if (ended_) {
        return false;
    }
    MUSTER_ASSIGN(const bool more, fetch());
    if (!more) {
        return false;
    }
    const char* at = buffer_;
    const char* end = buffer_ + bytes_;
    if (!header_seen_) {
        header_seen_ = true;
        at += kSignature.size() + 8;
    }
    const Error torn{ErrorCode::kInternal, "the server's rows cannot be read", "", "COPY"};
    if (end - at < 2) {
        return torn;
    }
    const int count = read_big_endian<std::int16_t>(at);
    at += 2;
    fields_.clear();
    if (count < 0) {  // the trailer
        return next();
    }
    for (int i = 0; i < count; ++i) {
        if (end - at < 4) {
            return torn;
        }
        const auto bytes = read_big_endian<std::int32_t>(at);
        at += 4;
        if (bytes < 0) {
            fields_.emplace_back();
            continue;
        }
        if (end - at < bytes) {
            return torn;
        }
        fields_.emplace_back(at, static_cast<std::size_t>(bytes));
        at += bytes;
    }
    return true;
}

std::int64_t PgCopyReader::int64(std::size_t column) const {
    const std::string_view field = fields_[column];
    switch (field.size()) {
        case 2:
            return read_big_endian<std::int16_t>(field.data());
        case 4:
            return read_big_endian<std::int32_t>(field.data());
        case 8:
            return read_big_endian<std::int64_t>(field.data());
        default:
            return 0;
    }
}

double PgCopyReader::real(std::size_t column) const {
    if (fields_[column].size() == 4) {
        return static_cast<double>(std::bit_cast<float>(static_cast<std::int32_t>(int64(column))));
    }
    return std::bit_cast<double>(int64(column));
}

bool PgCopyReader::boolean(std::size_t column) const {
    return !fields_[column].empty() && fields_[column].front() != 0;
}

std::int64_t PgCopyReader::date(std::size_t column) const { return int64(column) + kEpochDays; }

std::int64_t PgCopyReader::timestamp(std::size_t column) const { return int64(column) + kEpochUs; }

Result<Int128> PgCopyReader::decimal(std::size_t column, int scale) const {
    const std::string_view field = fields_[column];
    const Error misfit{
        ErrorCode::kVerification,
        fmt::format("a number does not fit into 38 digits, {} of them decimals", scale),
        "",
        ""};
    if (field.size() < 8) {
        return misfit;
    }
    const int groups = read_big_endian<std::int16_t>(field.data());
    int place = (read_big_endian<std::int16_t>(field.data() + 2) + 1) * kGroupDigits;
    const auto sign = read_big_endian<std::uint16_t>(field.data() + 4);
    if (sign != 0 && sign != kNegative) {  // NaN, infinity
        return misfit;
    }
    Uint128 value = 0;
    int digits = 0;
    // `place` is the power of ten of the digit, plus one.
    const auto put = [&](unsigned digit) {
        if (place > -scale) {
            digits += digits > 0 || digit > 0 ? 1 : 0;
            value = value * 10 + digit;
            --place;
            return digits <= kDigitsMax;
        }
        return digit == 0;
    };
    for (int i = 0; i < groups; ++i) {
        const unsigned group = read_big_endian<std::uint16_t>(field.data() + 8 + 2 * i);
        if (!put(group / 1000) || !put(group / 100 % 10) || !put(group / 10 % 10) ||
            !put(group % 10)) {
            return misfit;
        }
    }
    while (place > -scale && value != 0) {
        if (!put(0)) {
            return misfit;
        }
    }
    return sign == kNegative ? -static_cast<Int128>(value) : static_cast<Int128>(value);
}

Result<Value> PgCopyReader::value(std::size_t column, const ColumnType& type) const {
    if (is_null(column)) {
        return Value();
    }
    switch (type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kInt64:
            return Value(int64(column));
        case TypeKind::kDecimal: {
            MUSTER_ASSIGN(const Int128 number, decimal(column, type.scale));
            return Value(number);
        }
        case TypeKind::kDouble:
            return Value(real(column));
        case TypeKind::kBool:
            return Value(boolean(column));
        case TypeKind::kString:
            return Value(std::string(text(column)));
        case TypeKind::kDate:
            return Value(date(column));
        case TypeKind::kTimestamp:
            return Value(timestamp(column));
    }
    return Value();
}

}  // namespace muster
