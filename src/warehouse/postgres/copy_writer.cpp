#include "warehouse/postgres/copy.h"
#include "warehouse/postgres/copy_format.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <libpq-fe.h>

namespace muster {

using namespace copy_format;

namespace {

constexpr std::size_t kSendBytes = 256U << 10;
constexpr std::size_t kGroupsMax = 12;

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

}  // namespace

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
    writer.buffer_.append(kFlagsBytes, '\0');
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

}  // namespace muster
