#include "validate/detail/record_reader.h"

#include "validate/detail/long_line.h"

#include <algorithm>
#include <span>

namespace muster {

RecordReader::RecordReader(const SplitRules& rules, ByteStream& stream, std::size_t chunk_bytes)
    : rules_(rules), stream_(stream), chunk_bytes_(chunk_bytes) {}

Result<std::optional<ObjectProblem>> RecordReader::start(std::string_view name) {
    constexpr std::string_view kBom = "\xEF\xBB\xBF";
    MUSTER_TRY(fill());
    if (stream_.problem().has_value()) {
        return stream_.problem();
    }
    const std::string_view text = buffer_;
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        return std::optional(ObjectProblem{
            RejectCode::kFileEncoding,
            std::string(name) + " is UTF-16, not UTF-8: it starts with a UTF-16 byte order mark"});
    }
    pos_ = text.starts_with(kBom) ? kBom.size() : 0;
    if (pos_ == text.size()) {
        return std::optional(
            ObjectProblem{RejectCode::kFileEmpty, std::string(name) + " is empty"});
    }
    return std::optional<ObjectProblem>();
}

Result<bool> RecordReader::next(Item& item, bool hashed) {
    for (;;) {
        if (stream_.problem().has_value() || (at_end_ && pos_ == buffer_.size())) {
            return false;
        }
        Split split;
        if (pos_ < buffer_.size()) {
            split = split_at(rules_, buffer_.data(), pos_, buffer_.size(), at_end_, fields_);
        }
        if (split.status == SplitStatus::kIncomplete) {
            MUSTER_TRY(fill());
            continue;
        }
        item.status = split.status;
        item.line = line_;
        item.offset = offset();
        if (split.status == SplitStatus::kOpenLine) {
            MUSTER_TRY(skip_long_line(item));
        } else {
            item.length = split.end - pos_;
            item.raw = std::string_view(buffer_).substr(pos_, split.end - pos_);
            if (hashed) {
                item.hash = hash_raw(item.raw);
            }
            rebase_fields(split);
            pos_ = split.next;
        }
        line_ += split.lines;
        item.next_offset = offset();
        item.next_line = line_;
        return !stream_.problem().has_value();
    }
}

void RecordReader::rebase_fields(const Split& split) {
    if (split.status != SplitStatus::kRecord) {
        fields_.clear();
    }
    for (SplitField& field : fields_) {
        field.begin -= pos_;
        field.end -= pos_;
    }
}

Result<void> RecordReader::skip_long_line(Item& item) {
    LongLine line(offset(), line_);
    std::size_t next = 0;
    while (!line.take(std::string_view(buffer_).substr(pos_), at_end_, next) && !at_end_) {
        pos_ = buffer_.size();
        MUSTER_TRY(fill());
    }
    pos_ += next;
    item.status = SplitStatus::kTooLong;
    item.length = line.length();
    item.hash = line.hash();
    long_raw_ = line.raw();
    item.raw = long_raw_;
    return {};
}

// Drops what has been consumed and appends a chunk.
Result<void> RecordReader::fill() {
    buffer_.erase(0, pos_);
    base_ += pos_;
    pos_ = 0;
    // Doubling keeps the repeated splitting of a long record linear.
    const std::size_t kept = buffer_.size();
    const std::size_t wanted = std::max(chunk_bytes_, kept);
    buffer_.resize(kept + wanted);
    MUSTER_ASSIGN(const std::size_t bytes, stream_.read(std::span(buffer_.data() + kept, wanted)));
    buffer_.resize(kept + bytes);
    at_end_ = bytes < wanted;
    return {};
}

}  // namespace muster
