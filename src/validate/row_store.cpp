#include "validate/detail/row_store.h"

#include <algorithm>
#include <cstring>

namespace muster {
namespace {

constexpr std::size_t kArenaChunkBytes = 64U << 10;

template <typename T>
void store(ColumnData& column, std::size_t row, const T& value) {
    std::memcpy(column.values.data() + row * sizeof(T), &value, sizeof(T));
}

template <typename T>
void grow(std::vector<T>& array, std::size_t size) {
    if (array.size() < size) {
        array.resize(size);
    }
}

// Moves rows [from, from + count) of an array of items of `width` bytes to row `to`.
void move_items(
    void* data, std::size_t width, std::size_t from, std::size_t to, std::size_t count) {
    auto* bytes = static_cast<std::byte*>(data);
    if (count > 0 && from != to) {
        std::memmove(bytes + to * width, bytes + from * width, count * width);
    }
}

template <typename T>
void copy_front(const std::vector<T>& from, std::size_t count, std::vector<T>& to) {
    std::copy_n(from.begin(), count, to.begin());
}

}  // namespace

std::string_view TextArena::copy(std::string_view text) {
    if (text.empty()) {
        return "";
    }
    if (chunks_.empty() || chunks_.back()->capacity() - chunks_.back()->size() < text.size()) {
        chunks_.push_back(std::make_unique<std::string>());
        chunks_.back()->reserve(std::max(kArenaChunkBytes, text.size()));
    }
    std::string& chunk = *chunks_.back();
    const std::size_t at = chunk.size();
    chunk.append(text);
    return {chunk.data() + at, text.size()};
}

void TextArena::clear() {
    // One ordinary chunk stays, so that a steady scan does not allocate.
    if (!chunks_.empty()) {
        chunks_.resize(1);
        chunks_.front()->clear();
        if (chunks_.front()->capacity() > 2 * kArenaChunkBytes) {
            chunks_.clear();
        }
    }
}

void reset_rows(const TablePlan& plan, ScanBlock& block) {
    block.rows = 0;
    block.columns.resize(plan.columns.size());
    for (std::size_t i = 0; i < block.columns.size(); ++i) {
        block.columns[i].type = plan.columns[i].column->type;
        block.columns[i].width_bytes = plan.columns[i].width_bytes;
        block.columns[i].has_null = false;
    }
}

void reserve_rows(ScanBlock& block, std::size_t rows, bool refused) {
    for (ColumnData& column : block.columns) {
        grow(column.values, rows * column.width_bytes);
        grow(column.valid, rows);
    }
    grow(block.offsets, rows);
    if (refused) {
        grow(block.refused, rows);
    }
}

void store_value(ColumnData& column, std::size_t row, const FieldValue& value) {
    column.valid[row] = value.null ? 0 : 1;
    if (value.null) {
        column.has_null = true;
        return;
    }
    switch (column.type.kind) {
        case TypeKind::kInt32:
        case TypeKind::kDate:
            return store(column, row, static_cast<std::int32_t>(value.integer));
        case TypeKind::kInt64:
        case TypeKind::kTimestamp:
            return store(column, row, value.integer);
        case TypeKind::kDecimal:
            return column.width_bytes == sizeof(Int128) ? store(column, row, value.wide)
                                                        : store(column, row, value.integer);
        case TypeKind::kDouble:
            return store(column, row, value.real);
        case TypeKind::kBool:
            return store(column, row, static_cast<std::uint8_t>(value.integer));
        case TypeKind::kString:
            return store(
                column,
                row,
                StringRef{value.text.data(), static_cast<std::uint32_t>(value.text.size())});
    }
}

void prepend_rows(const ScanBlock& seam, std::size_t gap, ScanBlock& block, bool refused) {
    const std::size_t count = block.rows - gap;
    reserve_rows(block, seam.rows + count, refused);
    for (std::size_t i = 0; i < block.columns.size(); ++i) {
        ColumnData& to = block.columns[i];
        const ColumnData& from = seam.columns[i];
        move_items(to.values.data(), to.width_bytes, gap, seam.rows, count);
        move_items(to.valid.data(), 1, gap, seam.rows, count);
        if (seam.rows > 0) {
            std::memcpy(to.values.data(), from.values.data(), seam.rows * to.width_bytes);
            copy_front(from.valid, seam.rows, to.valid);
        }
        to.has_null = to.has_null || (seam.rows > 0 && from.has_null);
    }
    move_items(block.offsets.data(), sizeof(std::uint64_t), gap, seam.rows, count);
    copy_front(seam.offsets, seam.rows, block.offsets);
    if (refused) {
        move_items(block.refused.data(), 1, gap, seam.rows, count);
        copy_front(seam.refused, seam.rows, block.refused);
    }
    block.rows = seam.rows + count;
}

}  // namespace muster
