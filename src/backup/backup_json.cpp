#include "backup/backup_json.h"

#include "core/json_writer.h"

namespace muster {
namespace {

std::string broken_json(const std::vector<BrokenReference>& broken) {
    JsonArray array;
    for (const BrokenReference& one : broken) {
        array.raw(JsonObject{}
                      .text("table", one.table)
                      .text("column", one.column)
                      .text("referenced", one.referenced)
                      .number("rows", one.rows)
                      .text("example", one.example)
                      .str());
    }
    return array.str();
}

JsonObject named(const std::string& name, const std::string& table) {
    JsonObject object;
    object.text("backup_name", name).text("table", table);
    return object;
}

}  // namespace

std::string backup_json(const BackupManifest& manifest) {
    return named(manifest.name, manifest.table.name)
        .text("reason", manifest.reason)
        .text("created_at", manifest.created_at)
        .number("rows", manifest.content.rows)
        .number("bytes", manifest.bytes())
        .text("content_checksum", checksum_text(manifest.content.checksum))
        .number("table_version", manifest.table_version)
        .text_or_null("last_run", manifest.last_run)
        .raw("files", backup_files_json(manifest.files))
        .raw("problem", "null")
        .str();
}

std::string backup_entry_json(const BackupEntry& entry) {
    return entry.manifest
               ? backup_json(*entry.manifest)
               : named(entry.name.str(), entry.name.table).text("problem", entry.problem).str();
}

std::string verify_json(const VerifyReport& report) {
    return JsonObject{}
        .text("backup_name", report.name)
        .flag("verified", report.problems.empty())
        .number("rows", report.rows)
        .number("bytes", report.bytes)
        .raw("problems", json_texts(report.problems))
        .str();
}

std::string restore_json(const RestoreReport& report) {
    JsonObject object = named(report.backup, report.table);
    object.text("run_id", report.run_id).number("rows", report.rows);
    if (report.changes) {
        object.raw("changes",
                   JsonObject{}
                       .number("added", report.changes->added)
                       .number("removed", report.changes->removed)
                       .number("changed", report.changes->changed)
                       .str());
    } else {
        object.text("safety_backup", report.safety_backup)
            .number("restored_ms", static_cast<double>(report.restored_us) / 1e3)
            .number("gate_ms", static_cast<double>(report.gate_us) / 1e3)
            .raw("objects_since", json_texts(report.objects_since));
    }
    return object.raw("broken_references", broken_json(report.broken)).str();
}

}  // namespace muster
