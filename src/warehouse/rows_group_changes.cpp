// What a group of requests leaves behind once it was judged.
#include "core/limits.h"
#include "core/text.h"
#include "warehouse/detail/rows_group.h"

#include <algorithm>

namespace muster {

std::vector<RowsGroup::Change> RowsGroup::changes() const {
    std::vector<Change> changes;
    for (const auto& [key, slot] : slots_) {
        if (slot.pending != nullptr) {
            changes.push_back({slot.pending, slot.rowid});
        }
    }
    std::sort(changes.begin(), changes.end(), [this](const Change& left, const Change& right) {
        return key_less(*left.row, *right.row);
    });
    return changes;
}

void RowsGroup::collect_rejects(const RowWrite& request, const Reasons& reasons) {
    for (const RejectEntry& entry : request.rejects) {
        rejects_.push_back({entry, entry.run_id});
    }
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        if (reasons[i].empty()) {
            continue;
        }
        RejectEntry entry = row_reject(table_, request, request.indexes[i], reasons[i]);
        entry.raw = request.raw[i];
        rejects_.push_back({std::move(entry), request.request_id});
    }
}

// Of those with the same id the last one stays: an id is in the ledger once.
void RowsGroup::number_rejects() {
    std::map<std::pair<std::string, std::string>, std::uint64_t> seen;  // request, hash of the raw
    std::map<std::string, std::size_t> last;
    for (std::size_t i = 0; i < rejects_.size(); ++i) {
        RejectEntry& entry = rejects_[i].entry;
        const std::string hash = raw_hash_text(hash_raw(entry.raw));
        entry.id = RejectId(reject_id_text(table_.name.str(), hash, ++seen[{entry.run_id, hash}]));
        entry.raw = utf8_prefix(entry.raw, kRejectRawBytesMax);
        last[entry.id.str()] = i;
    }
    std::vector<NewReject> kept;
    for (std::size_t i = 0; i < rejects_.size(); ++i) {
        if (last[rejects_[i].entry.id.str()] == i) {
            kept.push_back(std::move(rejects_[i]));
        }
    }
    rejects_ = std::move(kept);
}

void RowsGroup::keep_decisions(const std::map<std::string, KnownReject>& known) {
    for (NewReject& reject : rejects_) {
        const auto at = known.find(reject.entry.id.str());
        if (at == known.end()) {
            continue;
        }
        reject.entry.run_id = at->second.run_id;
        if (at->second.state == "replayed" || at->second.state == "waived") {
            reject.entry.state = at->second.state;
            reject.entry.state_note = at->second.note;
        }
    }
}

void RowsGroup::keep_answer(const RowWrite& request, const RowWriteResult& result) {
    if (!request.idempotency || !request.answer) {
        return;
    }
    const IdempotencyKey& key = *request.idempotency;
    add_answer(key, key.payload_hash, request.answer(result));
    new_answers_.push_back(&key);
}

std::vector<RowsGroup::NewAnswer> RowsGroup::answers() const {
    std::vector<NewAnswer> answers;
    for (const IdempotencyKey* key : new_answers_) {
        answers.push_back({key, &answers_.at({key->scope, key->key}).answer});
    }
    return answers;
}

}  // namespace muster
