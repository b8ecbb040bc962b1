#include "warehouse/redshift/batches.h"

#include "warehouse/redshift/data_api.h"

#include <algorithm>

namespace muster::redshift {
namespace {

// A statement has at most 16 MB, and whether its values count is not documented.
constexpr std::size_t kValuesBytesMax = 8U << 20;

std::size_t bytes_of(const PgParams& params) {
    std::size_t bytes = 0;
    for (const PgParams::Param& param : params.list()) {
        bytes += param.bytes.size();
    }
    return bytes;
}

void append(const PgParams& from, PgParams& to) {
    for (const PgParams::Param& param : from.list()) {
        if (param.null) {
            to.add_null();
        } else if (param.binary) {
            to.add_blob(param.bytes);
        } else {
            to.add(param.bytes);
        }
    }
}

// What name_parameters() makes of a statement has ":p1" in the place of "$1", or "NULL".
std::size_t text_bytes_max(const std::string& sql) {
    return sql.size() + 2 * static_cast<std::size_t>(std::count(sql.begin(), sql.end(), '$'));
}

// What a statement may have.
struct Room {
    std::size_t items = 1;
    std::size_t bytes = kValuesBytesMax;
    std::size_t bytes_of_text = 0;  // without items
    std::size_t bytes_of_item = 0;  // of the text: the longest are the last, by their numbers
};

Room room_of(PgConnection& connection, const BatchedStatement& statement, std::size_t item_params) {
    Room room;
    const std::size_t head = statement.head.list().size();
    const std::size_t params_max = std::max(connection.params_max(), head) - head;
    room.items = std::clamp<std::size_t>(
        params_max / std::max<std::size_t>(item_params, 1), 1, statement.items_max);
    if (connection.remote() != nullptr) {
        room.bytes = kDataStatementBytesMax;
        const std::size_t most = std::max<std::size_t>(room.items, 2);
        room.bytes_of_item =
            text_bytes_max(statement.sql(most)) - text_bytes_max(statement.sql(most - 1));
        const std::size_t one = text_bytes_max(statement.sql(1));
        room.bytes_of_text = one - std::min(one, room.bytes_of_item);
    }
    return room;
}

}  // namespace

Result<void> run_batches(
    PgConnection& connection,
    std::size_t items,
    const BatchedStatement& statement,
    const std::function<Result<void>(PgRows& result, std::size_t items)>& done) {
    if (items == 0) {
        return {};
    }
    PgParams next;
    statement.add(0, next);
    const Room room = room_of(connection, statement, next.list().size());
    for (std::size_t at = 0; at < items;) {
        PgParams params = statement.head;
        std::size_t bytes = room.bytes_of_text + bytes_of(params);
        std::size_t count = 0;
        // What does not fit is the first of the next statement.
        while (at < items && count < room.items) {
            bytes += room.bytes_of_item + bytes_of(next);
            if (count > 0 && bytes > room.bytes) {
                break;
            }
            append(next, params);
            ++count;
            ++at;
            next = {};
            if (at < items) {
                statement.add(at, next);
            }
        }
        MUSTER_ASSIGN(auto result, connection.run(statement.sql(count), params));
        if (done) {
            MUSTER_TRY(done(result, count));
        }
    }
    return {};
}

}  // namespace muster::redshift
