// Joins the blocks in their order: resolves the records that straddle borders, accepts or repeats
// speculative parses, delivers rejects, counts. Thread-safe; one block at a time.
#pragma once

#include "validate/detail/block_source.h"
#include "validate/detail/long_line.h"
#include "validate/detail/record_check.h"
#include "validate/detail/workspace.h"
#include "validate/scan.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace muster {

// Where the data of an object begin: after the byte order mark and the header.
struct ScanStart {
    std::uint64_t offset = 0;
    std::uint64_t line = 1;
    std::uint64_t blank_lines = 0;
    bool header_found = false;
};

class Sequencer {
  public:
    Sequencer(std::shared_ptr<const TablePlan> plan,
              BlockSource& source,
              RejectSink sink,
              const ScanOptions& options,
              const ScanStart& start);

    // Waits for the block's turn and completes it. Must be called once for every ticket.
    Result<void> take_turn(ScanBlock& block);

    bool stopped() const { return stopped_.load(std::memory_order_acquire); }
    std::optional<Error> failure();
    std::uint64_t records() const { return records_.load(std::memory_order_relaxed); }
    std::uint64_t rejected() const { return rejected_.load(std::memory_order_relaxed); }

    // These two only after the last block.
    const std::optional<ObjectProblem>& problem() const { return problem_; }
    const ScanCounts& counts() const { return counts_; }

  private:
    // Bytes of the seam or of a block, for the delivery of what was parsed there.
    struct Text {
        const char* data;
        std::uint64_t offset;
    };

    Result<void> process(ScanBlock& block);
    Result<std::optional<std::size_t>> true_start(ScanBlock& block);
    Result<std::optional<std::size_t>> resolve_seam(ScanBlock::Workspace& workspace);
    void parse_seam(ScanBlock::Workspace& workspace, std::size_t head);
    Result<std::optional<std::size_t>> end_long_line(ScanBlock::Workspace& workspace);
    Result<void> accept(ScanBlock& block, std::size_t start);
    Result<void> deliver(const Text& text, const ParseOutput& output);
    Result<void> deliver_reject(const Text& text, const RejectMark& mark);
    Result<void> send(RejectedRecord& record);
    void join_keys(const KeySummary& keys);
    void finish();

    const std::shared_ptr<const TablePlan> plan_;
    BlockSource& source_;
    const RejectSink sink_;
    const ScanOptions options_;
    std::atomic<bool> stopped_{false};
    std::atomic<std::uint64_t> records_{0};
    std::atomic<std::uint64_t> rejected_{0};

    std::mutex mutex_;  // guards all below
    std::condition_variable turn_changed_;
    std::uint64_t turn_ = 0;
    std::optional<Error> failure_;
    std::optional<ObjectProblem> problem_;
    ScanCounts counts_;

    // The carry from block to block.
    std::uint64_t offset_;               // where the next record or line starts
    std::uint64_t line_;                 // its line
    std::string tail_;                   // its bytes so far
    std::optional<LongLine> long_line_;  // instead of the tail, if it is too long already

    bool keys_any_ = false;
    bool keys_rising_ = true;
    Value first_key_;
    Value last_key_;

    // For the second look at rejects.
    RecordCheck check_;
    std::vector<SplitField> fields_;
    TextArena scratch_;
};

}  // namespace muster
