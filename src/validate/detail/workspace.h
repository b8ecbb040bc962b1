// What one thread needs for its block: buffers, the parser, the outcome of the speculative parse.
#pragma once

#include "validate/detail/block_parser.h"
#include "validate/detail/block_source.h"
#include "validate/detail/row_store.h"
#include "validate/scan.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace muster {

struct ScanBlock::Workspace {
    Workspace(std::shared_ptr<const TablePlan> table_plan, const ParseOptions& options)
        : plan(std::move(table_plan)), parser(*plan, options) {}

    std::shared_ptr<const TablePlan> plan;
    BlockParser parser;
    BlockBuffer buffer;
    TakenBlock taken;
    TextArena arena;
    // Where the speculative parse began; nothing if no line starts in the block.
    std::optional<std::size_t> speculative_start;
    // A row left free for the record that straddles the border before the block.
    std::size_t gap = 0;
    ParseOutput output;
    // Records that straddle the border before the block: their bytes and rows.
    std::string seam;
    ScanBlock seam_rows;
    ParseOutput seam_output;
};

}  // namespace muster
