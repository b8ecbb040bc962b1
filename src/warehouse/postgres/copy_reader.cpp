#include "warehouse/postgres/copy.h"
#include "warehouse/postgres/copy_format.h"

#include <fmt/format.h>

#include <bit>
#include <libpq-fe.h>
#include <limits>

namespace muster {

using namespace copy_format;

namespace {

constexpr int kDigitsMax = 38;

template <typename T>
T read_big_endian(const char* at) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(static_cast<std::make_unsigned_t<T>>(value) << 8U |
                               static_cast<unsigned char>(at[i]));
    }
    return value;
}

// Of a date or timestamp: its ends are the infinities.
template <typename T>
Result<T> since_1970(std::int64_t since_2000, std::int64_t epoch, std::string_view what) {
    using Limits = std::numeric_limits<T>;
    if (since_2000 == Limits::min() || since_2000 >= Limits::max() - epoch) {
        return Error{
            ErrorCode::kVerification, fmt::format("a {} is infinite or too late", what), "", ""};
    }
    return static_cast<T>(since_2000 + epoch);
}

}  // namespace

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
        at += kSignature.size() + kFlagsBytes;
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

Result<std::int32_t> PgCopyReader::date(std::size_t column) const {
    return since_1970<std::int32_t>(int64(column), kEpochDays, "date");
}

Result<std::int64_t> PgCopyReader::timestamp(std::size_t column) const {
    return since_1970<std::int64_t>(int64(column), kEpochUs, "timestamp");
}

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

}  // namespace muster
