#include "validate/detail/record_check.h"

#include "core/text.h"
#include "validate/detail/messages.h"

namespace muster {

bool RecordCheck::check_shape(std::string_view record,
                              std::size_t fields,
                              std::vector<Reason>* reasons) {
    bool good = true;
    const auto refuse = [&](RejectCode code) {
        good = false;
        if (reasons != nullptr) {
            reasons->push_back(
                record_reason(code, fields, plan_.columns.size(), plan_.split.record_bytes_max));
        }
    };
    if (record.find('\0') != std::string_view::npos) {
        refuse(RejectCode::kRecordNulByte);
    }
    if (!valid_utf8(record)) {
        refuse(RejectCode::kRecordInvalidUtf8);
    }
    if (fields < plan_.columns.size()) {
        refuse(RejectCode::kRecordTooFewFields);
    }
    if (fields > plan_.columns.size()) {
        refuse(RejectCode::kRecordTooManyFields);
    }
    return good;
}

RecordVerdict RecordCheck::run(const char* data,
                               std::size_t begin,
                               std::size_t end,
                               const std::vector<SplitField>& fields,
                               TextArena& arena,
                               std::vector<Reason>* reasons) {
    if (!check_shape({data + begin, end - begin}, fields.size(), reasons)) {
        return RecordVerdict::kRefused;
    }
    RecordVerdict verdict = RecordVerdict::kClean;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        std::string_view text(data + fields[i].begin, fields[i].end - fields[i].begin);
        if (fields[i].escaped) {
            unescaped_.clear();
            append_unescaped(unescaped_, text, plan_.split.quote);
            text = arena.copy(unescaped_);
        }
        const FieldVerdict field = check_field(plan_, i, text, values_[i], reasons);
        if (field == FieldVerdict::kUndecoded) {
            verdict = RecordVerdict::kRefused;
            if (reasons == nullptr) {
                return verdict;
            }
        } else if (field == FieldVerdict::kRefused && verdict == RecordVerdict::kClean) {
            verdict = RecordVerdict::kRefusedDecoded;
        }
    }
    return verdict;
}

}  // namespace muster
