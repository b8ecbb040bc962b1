#include "validate/detail/sequencer.h"

#include "validate/detail/messages.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace muster {

Sequencer::Sequencer(std::shared_ptr<const TablePlan> plan,
                     BlockSource& source,
                     RejectSink sink,
                     const ScanOptions& options,
                     const ScanStart& start)
    : plan_(std::move(plan)),
      source_(source),
      sink_(std::move(sink)),
      options_(options),
      offset_(start.offset),
      line_(start.line),
      check_(*plan_) {
    counts_.blank_lines = start.blank_lines;
    counts_.header_found = start.header_found;
}

Result<void> Sequencer::take_turn(ScanBlock& block) {
    std::unique_lock lock(mutex_);
    const std::uint64_t ticket = block.workspace->taken.ticket;
    turn_changed_.wait(lock, [&] { return turn_ == ticket; });
    if (!stopped()) {
        auto done = process(block);
        if (!done.ok()) {
            failure_ = std::move(done).error();
        }
        if (failure_.has_value() || problem_.has_value()) {
            stopped_.store(true, std::memory_order_release);
        }
    }
    ++turn_;
    turn_changed_.notify_all();
    if (failure_.has_value()) {
        return *failure_;
    }
    return {};
}

std::optional<Error> Sequencer::failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
}

Result<void> Sequencer::process(ScanBlock& block) {
    ScanBlock::Workspace& workspace = *block.workspace;
    const TakenBlock& taken = workspace.taken;
    if (taken.error.has_value()) {
        return *taken.error;
    }
    if (taken.problem.has_value()) {
        problem_ = taken.problem;
        return {};
    }
    if (options_.cancel != nullptr && options_.cancel->cancelled()) {
        return Error{.code = ErrorCode::kCancelled,
                     .message = "the scan was cancelled",
                     .hint = "",
                     .detail = ""};
    }
    source_.hash_block(taken, workspace.buffer.data());
    counts_.bytes += taken.bytes;
    MUSTER_ASSIGN(const std::optional<std::size_t> start, true_start(block));
    if (start.has_value()) {
        MUSTER_TRY(accept(block, *start));
    } else {
        block.rows = workspace.gap;
    }
    if (taken.last) {
        finish();
    }
    return {};
}

// Where in the block the first record starts that lies in it alone; nothing if the block is used
// up before.
Result<std::optional<std::size_t>> Sequencer::true_start(ScanBlock& block) {
    ScanBlock::Workspace& workspace = *block.workspace;
    if (long_line_.has_value()) {
        return end_long_line(workspace);
    }
    if (!tail_.empty()) {
        return resolve_seam(workspace);
    }
    const TakenBlock& taken = workspace.taken;
    if (offset_ > taken.offset + taken.bytes) {
        return std::optional<std::size_t>();
    }
    return std::optional(static_cast<std::size_t>(offset_ - taken.offset));
}

Result<std::optional<std::size_t>> Sequencer::end_long_line(ScanBlock::Workspace& workspace) {
    const TakenBlock& taken = workspace.taken;
    std::size_t next = 0;
    if (!long_line_->take({workspace.buffer.data(), taken.bytes}, taken.last, next)) {
        return std::optional<std::size_t>();
    }
    RejectedRecord record;
    record.line = long_line_->line();
    record.offset = long_line_->offset();
    record.length = long_line_->length();
    record.raw = long_line_->raw();
    record.raw_hash = long_line_->hash();
    record.reasons.push_back(
        record_reason(RejectCode::kRecordTooLong, 0, 0, plan_->split.record_bytes_max));
    ++counts_.read;
    records_.store(counts_.read, std::memory_order_relaxed);
    MUSTER_TRY(send(record));
    line_ = record.line + 1;
    offset_ = taken.offset + next;
    long_line_.reset();
    return std::optional(next);
}

// Parses the records that start in the tail, over the tail and as much of the block as they need.
Result<std::optional<std::size_t>> Sequencer::resolve_seam(ScanBlock::Workspace& workspace) {
    const std::size_t bytes = workspace.taken.bytes;
    const std::size_t tail_bytes = tail_.size();
    constexpr std::size_t kHeadBytesMin = 4096;
    // One byte more than the rest of the line: a CR is a line end only if its next byte is known.
    std::size_t head = std::min(bytes, workspace.speculative_start.value_or(bytes) + 1);
    for (;;) {
        parse_seam(workspace, head);
        const ParseOutput& output = workspace.seam_output;
        if (output.next >= tail_bytes || head == bytes) {
            break;
        }
        head = std::min(bytes, std::max({kHeadBytesMin, tail_bytes, head * 4}));
    }
    const ParseOutput& output = workspace.seam_output;
    MUSTER_TRY(deliver({workspace.seam.data(), offset_}, output));
    offset_ += output.next;
    // In the seam everything up to `head` was seen; without a line end there it is the whole block.
    if (output.next >= tail_bytes && !(output.open_line && head == bytes)) {
        tail_.clear();
        return std::optional(output.next - tail_bytes);
    }
    const std::string_view rest(workspace.seam.data() + output.next,
                                tail_bytes + head - output.next);
    if (output.open_line) {
        long_line_.emplace(offset_, line_);
        std::size_t unused = 0;
        long_line_->take(rest, false, unused);
        tail_.clear();
    } else {
        tail_.assign(rest);
    }
    return std::optional<std::size_t>();
}

void Sequencer::parse_seam(ScanBlock::Workspace& workspace, std::size_t head) {
    const TakenBlock& taken = workspace.taken;
    workspace.seam.assign(tail_);
    workspace.seam.append(workspace.buffer.data(), head);
    const std::size_t end = workspace.seam.size();
    workspace.seam.append(kPaddingBytes, '\0');
    reset_rows(*plan_, workspace.seam_rows);
    workspace.seam_output.reset();
    ParseInput input;
    input.data = workspace.seam.data();
    input.stop = tail_.size();
    input.end = end;
    input.at_end = taken.last && head == taken.bytes;
    input.data_offset = offset_;
    workspace.parser.run(input, workspace.seam_rows, workspace.arena, workspace.seam_output);
}

// Takes the records of the block from `start` on: as parsed already, or parsed now.
Result<void> Sequencer::accept(ScanBlock& block, std::size_t start) {
    ScanBlock::Workspace& workspace = *block.workspace;
    const TakenBlock& taken = workspace.taken;
    ParseOutput& output = workspace.output;
    if (workspace.speculative_start != start) {
        block.rows = workspace.gap;
        output.reset();
        ParseInput input;
        input.data = workspace.buffer.data();
        input.begin = start;
        input.stop = taken.bytes;
        input.end = taken.bytes;
        input.at_end = taken.last;
        input.data_offset = taken.offset;
        workspace.parser.run(input, block, workspace.arena, output);
    }
    MUSTER_TRY(deliver({workspace.buffer.data(), taken.offset}, output));
    offset_ = taken.offset + output.next;
    const std::string_view rest(workspace.buffer.data() + output.next, taken.bytes - output.next);
    if (output.open_line) {
        long_line_.emplace(offset_, line_);
        std::size_t unused = 0;
        long_line_->take(rest, false, unused);
    } else {
        tail_.assign(rest);
    }
    return {};
}

Result<void> Sequencer::deliver(const Text& text, const ParseOutput& output) {
    for (const RejectMark& mark : output.rejects) {
        MUSTER_TRY(deliver_reject(text, mark));
    }
    line_ += output.lines;
    counts_.read += output.records;
    counts_.blank_lines += output.blank_lines;
    records_.store(counts_.read, std::memory_order_relaxed);
    join_keys(output.keys);
    return {};
}

Result<void> Sequencer::deliver_reject(const Text& text, const RejectMark& mark) {
    const std::string_view record_text(text.data + mark.begin, mark.length);
    RejectedRecord record;
    record.line = line_ + mark.line;
    record.offset = text.offset + mark.begin;
    record.length = mark.length;
    record.raw = record_text.substr(0, kRejectRawBytesMax);
    record.raw_hash = hash_raw(record_text);
    record.decoded = mark.decoded;
    const auto refused_whole = [&](RejectCode code) {
        record.reasons.push_back(record_reason(code, 0, 0, plan_->split.record_bytes_max));
    };
    switch (mark.status) {
        case SplitStatus::kStrayQuote:
            refused_whole(RejectCode::kRecordStrayQuote);
            break;
        case SplitStatus::kUnterminatedQuote:
            refused_whole(RejectCode::kRecordUnterminatedQuote);
            break;
        case SplitStatus::kTooLong:
            refused_whole(RejectCode::kRecordTooLong);
            break;
        case SplitStatus::kRecord:
        case SplitStatus::kBlank:
        case SplitStatus::kIncomplete:
        case SplitStatus::kOpenLine: {
            const std::size_t end = mark.begin + mark.length;
            split_at(plan_->split, text.data, mark.begin, end, true, fields_);
            scratch_.clear();
            check_.run(text.data, mark.begin, end, fields_, scratch_, &record.reasons);
            break;
        }
    }
    return send(record);
}

Result<void> Sequencer::send(RejectedRecord& record) {
    MUSTER_CHECK(!record.reasons.empty());
    ++counts_.rejected;
    rejected_.store(counts_.rejected, std::memory_order_relaxed);
    for (const Reason& reason : record.reasons) {
        ++counts_.reasons_by_code[static_cast<std::size_t>(reason.code)];
    }
    return sink_ ? sink_(record) : Result<void>();
}

void Sequencer::join_keys(const KeySummary& keys) {
    keys_rising_ = keys_rising_ && keys.rising;
    if (!keys.any || !keys_rising_) {
        return;
    }
    const bool text = plan_->key_is_text;
    const Value first = text ? Value(std::string(keys.first_text)) : Value(keys.first);
    keys_rising_ = !keys_any_ || last_key_ < first;
    if (!keys_any_) {
        first_key_ = first;
    }
    last_key_ = text ? Value(std::string(keys.last_text)) : Value(keys.last);
    keys_any_ = true;
}

void Sequencer::finish() {
    MUSTER_CHECK(tail_.empty() && !long_line_.has_value());
    counts_.content_hash = source_.content_hash();
    counts_.object_bytes = source_.stored_bytes_done();
    counts_.keys_rising = keys_any_ && keys_rising_;
    if (counts_.keys_rising) {
        counts_.first_key = first_key_;
        counts_.last_key = last_key_;
    }
}

}  // namespace muster
