// Opens a scan and drives its blocks: take, parse speculatively, wait for the turn.
#include "validate/scan.h"

#include "validate/detail/open_scan.h"
#include "validate/detail/parallel.h"
#include "validate/detail/sequencer.h"
#include "validate/detail/workspace.h"

#include <algorithm>
#include <utility>

namespace muster {

ScanBlock::ScanBlock() = default;
ScanBlock::~ScanBlock() = default;
ScanBlock::ScanBlock(ScanBlock&&) noexcept = default;
ScanBlock& ScanBlock::operator=(ScanBlock&&) noexcept = default;

namespace {

// A block starts outside quotes far more often than not; then its records start at the first line
// start in it.
std::optional<std::size_t> first_line_start(const TakenBlock& taken, const char* data) {
    const bool after_cr = taken.previous == '\r';
    if (after_cr && taken.bytes > 0) {
        return data[0] == '\n' ? 1 : 0;
    }
    if (taken.previous == '\n') {
        return 0;
    }
    const std::size_t end = find_line_end(data, 0, taken.bytes);
    if (end == taken.bytes) {
        return std::nullopt;
    }
    if (data[end] == '\n') {
        return end + 1;
    }
    if (end + 1 == taken.bytes) {
        return taken.last ? std::optional(end + 1) : std::nullopt;
    }
    return end + (data[end + 1] == '\n' ? 2U : 1U);
}

class ObjectScan final : public Scan {
  public:
    ObjectScan(std::shared_ptr<const TablePlan> plan,
               ObjectReader& reader,
               RejectSink sink,
               const ScanOptions& options,
               OpenedObject opened)
        : plan_(std::move(plan)),
          options_(options),
          opened_(std::move(opened)),
          source_(make_block_source(reader, std::max<std::size_t>(options.block_bytes, 1))),
          sequencer_(plan_, *source_, std::move(sink), options, opened_.start) {}

    Result<bool> next_block(ScanBlock& block) override {
        if (opened_.problem.has_value()) {
            return false;
        }
        prepare(block);
        do {
            if (sequencer_.stopped() || !source_->take(block.workspace->buffer, taken(block))) {
                return end_result();
            }
            parse(block);
            MUSTER_TRY(sequencer_.take_turn(block));
            if (sequencer_.stopped()) {
                return end_result();
            }
            join_rows(block);
        } while (options_.keep_rows && block.rows == 0);
        return true;
    }

    std::uint64_t bytes_done() const override { return source_->stored_bytes_done(); }
    std::uint64_t rejected_so_far() const override { return sequencer_.rejected(); }
    std::uint64_t records_so_far() const override { return sequencer_.records(); }
    const std::optional<ObjectProblem>& problem() const override {
        return opened_.problem.has_value() ? opened_.problem : sequencer_.problem();
    }
    const ScanCounts& counts() const override { return sequencer_.counts(); }

  private:
    static TakenBlock& taken(ScanBlock& block) { return block.workspace->taken; }

    ParseOptions parse_options() const {
        return {options_.keep_rows, options_.keep_rows && options_.emit_decoded_rejects};
    }

    void prepare(ScanBlock& block) const {
        if (block.workspace == nullptr || block.workspace->plan != plan_) {
            block.workspace = std::make_unique<ScanBlock::Workspace>(plan_, parse_options());
        }
        block.rows = 0;
    }

    Result<bool> end_result() {
        if (auto failure = sequencer_.failure(); failure.has_value()) {
            return *std::move(failure);
        }
        return false;
    }

    void parse(ScanBlock& block) const {
        ScanBlock::Workspace& workspace = *block.workspace;
        const TakenBlock& taken_block = workspace.taken;
        workspace.arena.clear();
        workspace.output.reset();
        workspace.seam_output.reset();
        workspace.speculative_start.reset();
        workspace.gap = 0;
        reset_rows(*plan_, block);
        reset_rows(*plan_, workspace.seam_rows);
        if (taken_block.error.has_value() || taken_block.problem.has_value()) {
            return;
        }
        const std::uint64_t data_start = opened_.start.offset;
        if (data_start > taken_block.offset) {
            // Known, not guessed.
            if (data_start - taken_block.offset <= taken_block.bytes) {
                workspace.speculative_start =
                    static_cast<std::size_t>(data_start - taken_block.offset);
            }
        } else if (taken_block.offset == data_start) {
            workspace.speculative_start = 0;
        } else {
            workspace.speculative_start = first_line_start(taken_block, workspace.buffer.data());
            workspace.gap = options_.keep_rows && workspace.speculative_start != 0 ? 1 : 0;
        }
        speculate(block);
    }

    void speculate(ScanBlock& block) const {
        ScanBlock::Workspace& workspace = *block.workspace;
        block.rows = workspace.gap;
        reserve_rows(block, options_.keep_rows ? 1 : 0, parse_options().emit_decoded_rejects);
        if (!workspace.speculative_start.has_value()) {
            return;
        }
        ParseInput input;
        input.data = workspace.buffer.data();
        input.begin = *workspace.speculative_start;
        input.stop = workspace.taken.bytes;
        input.end = workspace.taken.bytes;
        input.at_end = workspace.taken.last;
        input.data_offset = workspace.taken.offset;
        workspace.parser.run(input, block, workspace.arena, workspace.output);
    }

    void join_rows(ScanBlock& block) const {
        ScanBlock::Workspace& workspace = *block.workspace;
        if (options_.keep_rows && (workspace.gap > 0 || workspace.seam_rows.rows > 0)) {
            prepend_rows(
                workspace.seam_rows, workspace.gap, block, parse_options().emit_decoded_rejects);
        }
    }

    const std::shared_ptr<const TablePlan> plan_;
    const ScanOptions options_;
    const OpenedObject opened_;
    const std::unique_ptr<BlockSource> source_;
    Sequencer sequencer_;
};

}  // namespace

Result<std::unique_ptr<Scan>> Scan::open(const Table& table,
                                         ObjectReader& reader,
                                         RejectSink sink,
                                         ScanOptions options) {
    MUSTER_ASSIGN(auto plan, make_table_plan(table));
    MUSTER_ASSIGN(OpenedObject opened, open_object(*plan, reader));
    return std::unique_ptr<Scan>(std::make_unique<ObjectScan>(
        std::move(plan), reader, std::move(sink), options, std::move(opened)));
}

Result<void> run_scan(Scan& scan, std::size_t threads) {
    return run_on_threads(threads, [&scan]() -> Result<void> {
        ScanBlock block;
        for (;;) {
            MUSTER_ASSIGN(const bool more, scan.next_block(block));
            if (!more) {
                return {};
            }
        }
    });
}

}  // namespace muster
