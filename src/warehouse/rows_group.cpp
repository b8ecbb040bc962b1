// Which rows of a group pass, request by request, without asking the database again.
#include "warehouse/detail/rows_group.h"

#include "core/limits.h"
#include "core/text.h"

#include <algorithm>

namespace muster {
namespace {

void append_bytes(std::string& out, const void* data, std::size_t bytes) {
    out.append(static_cast<const char*>(data), bytes);
}

Reason set_reason(RejectCode code, int column, std::string_view value, std::string message) {
    Reason reason;
    reason.code = code;
    reason.column = column;
    reason.value = utf8_prefix(value, kReasonValueBytesMax);
    reason.message = std::move(message);
    return reason;
}

// The value as bytes: equal bytes if and only if a database takes the values for equal.
void append_key(std::string& out, const Value& value) {
    out.push_back(static_cast<char>(value.index()));
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        append_bytes(out, integer, sizeof *integer);
    } else if (const auto* wide = std::get_if<Int128>(&value)) {
        append_bytes(out, wide, sizeof *wide);
    } else if (const auto* real = std::get_if<double>(&value)) {
        const double same_zero = *real == 0 ? 0.0 : *real;
        append_bytes(out, &same_zero, sizeof same_zero);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        out.push_back(*flag ? '\1' : '\0');
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        const std::size_t bytes = text->size();
        append_bytes(out, &bytes, sizeof bytes);
        out.append(*text);
    }
}

}  // namespace

RowsGroup::RowsGroup(const Table& table, std::span<const RowWrite* const> requests)
    : table_(table), requests_(requests), known_references_(table.references.size()) {
    for (const std::string& name : table.key) {
        key_columns_.push_back(table.column_index(name));
    }
    for (const RowWrite* request : requests) {
        first_row_.push_back(all_rows_.size());
        for (const Row& row : request->rows) {
            all_rows_.push_back(&row);
            all_keys_.push_back(key_of(row));
        }
    }
    failed_checks_.assign(all_rows_.size(), 0);
}

std::string RowsGroup::key_of(const Row& row) const {
    std::string key;
    for (const std::size_t column : key_columns_) {
        append_key(key, row[column]);
    }
    return key;
}

bool RowsGroup::key_less(const Row& left, const Row& right) const {
    for (const std::size_t column : key_columns_) {
        if (left[column] != right[column]) {
            return left[column] < right[column];
        }
    }
    return false;
}

std::vector<const IdempotencyKey*> RowsGroup::idempotency_keys() const {
    std::vector<const IdempotencyKey*> keys;
    for (const RowWrite* request : requests_) {
        if (request->idempotency) {
            keys.push_back(&*request->idempotency);
        }
    }
    return keys;
}

std::vector<const Value*> RowsGroup::referenced_values(std::size_t reference) const {
    const std::size_t column = table_.column_index(table_.references[reference].column);
    std::map<std::string, const Value*> wanted;
    for (const Row* row : all_rows_) {
        const Value& value = (*row)[column];
        if (!std::holds_alternative<std::monostate>(value)) {
            std::string key;
            append_key(key, value);
            wanted.emplace(std::move(key), &value);
        }
    }
    std::vector<const Value*> values;
    values.reserve(wanted.size());
    for (const auto& [key, value] : wanted) {
        values.push_back(value);
    }
    return values;
}

void RowsGroup::add_answer(const IdempotencyKey& key,
                           std::string payload_hash,
                           StoredAnswer answer) {
    answers_[{key.scope, key.key}] = {std::move(payload_hash), std::move(answer)};
}

void RowsGroup::set_refused(std::size_t row, Reason reason) {
    refused_.insert_or_assign(row, std::move(reason));
}

void RowsGroup::add_stored(Row row, std::int64_t rowid) {
    const Row& kept = stored_rows_.emplace_back(std::move(row));
    Slot& slot = slots_[key_of(kept)];
    slot.rowid = rowid;
    slot.stored = &kept;
}

void RowsGroup::add_referenced(std::size_t reference, const Value& key) {
    std::string bytes;
    append_key(bytes, key);
    known_references_[reference].insert(std::move(bytes));
}

std::vector<RowWriteResult> RowsGroup::settle(std::int64_t table_version) {
    version_ = table_version;
    std::vector<RowWriteResult> results(requests_.size());
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        if (!answered(*requests_[i], results[i])) {
            settle_request(i, results[i]);
        }
    }
    number_rejects();
    return results;
}

bool RowsGroup::answered(const RowWrite& request, RowWriteResult& result) const {
    if (!request.idempotency) {
        return false;
    }
    const auto known = answers_.find({request.idempotency->scope, request.idempotency->key});
    if (known == answers_.end()) {
        return false;
    }
    if (known->second.payload_hash == request.idempotency->payload_hash) {
        result.replayed = known->second.answer;
    } else {
        result.key_conflict = true;
    }
    result.table_version = version_;
    return true;
}

void RowsGroup::settle_request(std::size_t request, RowWriteResult& result) {
    const RowWrite& write = *requests_[request];
    const Reasons reasons = judge(request);
    result.problems = write.problems;
    std::vector<bool> refused;
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        refused.push_back(!reasons[i].empty());
        for (const Reason& reason : reasons[i]) {
            result.problems.push_back({write.indexes[i], reason});
        }
    }
    std::stable_sort(result.problems.begin(), result.problems.end(), [](auto& a, auto& b) {
        return a.index < b.index;
    });
    result.table_version = version_;
    if (!write.lenient && !result.problems.empty()) {
        return;
    }
    apply(write, refused, result);
    if (write.lenient) {
        const auto here = std::count(refused.begin(), refused.end(), true);
        result.rejected = here + static_cast<std::int64_t>(write.rejects.size());
        collect_rejects(write, reasons);
    }
    const bool any = result.inserted + result.updated > 0;
    changed_ = changed_ || any;
    result.table_version = version_ + (changed_ ? 1 : 0);
    if (any && write.audit) {
        audits_.push_back(&*write.audit);
    }
    keep_answer(write, result);
}

RowsGroup::Reasons RowsGroup::judge(std::size_t request) const {
    const RowWrite& write = *requests_[request];
    Reasons reasons(write.rows.size());
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        const std::size_t place = first_row_[request] + i;
        if (const auto at = refused_.find(place); at != refused_.end()) {
            reasons[i].push_back(at->second);
        }
        const std::int64_t failed = failed_checks_[place];
        for (std::size_t check = 0; check < table_.checks.size(); ++check) {
            if ((failed >> check & 1) != 0) {
                reasons[i].push_back(
                    set_reason(RejectCode::kRowCheck,
                               -1,
                               "",
                               "the check '" + table_.checks[check].name + "' does not hold"));
            }
        }
    }
    judge_keys(request, reasons);
    judge_references(request, reasons);
    return reasons;
}

void RowsGroup::judge_keys(std::size_t request, Reasons& reasons) const {
    const RowWrite& write = *requests_[request];
    const int column = key_columns_.size() == 1 ? static_cast<int>(key_columns_.front()) : -1;
    std::unordered_map<std::string_view, std::size_t> first;  // key -> row of the request
    for (std::size_t i = 0; i < write.rows.size(); ++i) {
        const std::string& key = all_keys_[first_row_[request] + i];
        std::string text;
        for (const std::size_t part : key_columns_) {
            text += (text.empty() ? "" : ",") +
                    value_text(table_.columns[part].type, write.rows[i][part]);
        }
        // A row that is refused anyway takes its key from nobody, if the others may stay.
        const auto [at, fresh] = write.lenient && !reasons[i].empty()
                                     ? std::pair{first.find(key), !first.contains(key)}
                                     : first.emplace(key, i);
        if (!fresh) {
            reasons[i].push_back(set_reason(RejectCode::kKeyDuplicate,
                                            column,
                                            text,
                                            "row " + std::to_string(write.indexes[at->second]) +
                                                " of the request has the same key"));
        }
        const auto slot = slots_.find(key);
        if (write.mode == WriteMode::kInsert && slot != slots_.end() &&
            slot->second.current() != nullptr) {
            reasons[i].push_back(set_reason(RejectCode::kKeyExists,
                                            column,
                                            text,
                                            "a row of " + table_.name.str() + " has this key"));
        }
    }
}

bool RowsGroup::reference_found(std::size_t reference,
                                const Value& value,
                                const std::unordered_set<std::string>& own_keys) const {
    std::string key;
    append_key(key, value);
    if (known_references_[reference].contains(key)) {
        return true;
    }
    if (table_.references[reference].table != table_.name) {
        return false;
    }
    const auto slot = slots_.find(key);
    return own_keys.contains(key) || (slot != slots_.end() && slot->second.current() != nullptr);
}

void RowsGroup::judge_references(std::size_t request, Reasons& reasons) const {
    const RowWrite& write = *requests_[request];
    // A row may refer to one of its own request: when that is refused, it is refused as well.
    for (bool again = true; again;) {
        again = false;
        std::unordered_set<std::string> own_keys;
        for (std::size_t i = 0; i < write.rows.size(); ++i) {
            if (reasons[i].empty() || !write.lenient) {
                own_keys.insert(all_keys_[first_row_[request] + i]);
            }
        }
        for (std::size_t i = 0; i < write.rows.size(); ++i) {
            const bool clean = reasons[i].empty();
            for (std::size_t r = 0; r < table_.references.size(); ++r) {
                const Reference& reference = table_.references[r];
                const std::size_t column = table_.column_index(reference.column);
                const Value& value = write.rows[i][column];
                const auto said = [column](const Reason& reason) {
                    return reason.code == RejectCode::kReferenceMissing &&
                           reason.column == static_cast<int>(column);
                };
                if (std::holds_alternative<std::monostate>(value) ||
                    reference_found(r, value, own_keys) ||
                    std::any_of(reasons[i].begin(), reasons[i].end(), said)) {
                    continue;
                }
                reasons[i].push_back(
                    set_reason(RejectCode::kReferenceMissing,
                               static_cast<int>(column),
                               value_text(table_.columns[column].type, value),
                               "no row of " + reference.table.str() + " has this key"));
                again = again || (clean && write.lenient);
            }
        }
    }
}

void RowsGroup::apply(const RowWrite& request,
                      const std::vector<bool>& refused,
                      RowWriteResult& result) {
    for (std::size_t i = 0; i < request.rows.size(); ++i) {
        if (refused[i]) {
            continue;
        }
        const Row& row = request.rows[i];
        Slot& slot = slots_[key_of(row)];
        const Row* current = slot.current();
        if (current == nullptr) {
            ++result.inserted;
        } else if (*current == row) {
            ++result.unchanged;
            continue;
        } else {
            ++result.updated;
        }
        slot.pending = &row;
    }
}

}  // namespace muster
