// How backups and restores look outside: the same JSON on the command line and over HTTP.
#pragma once

#include "backup/backup.h"

#include <string>

namespace muster {

std::string backup_json(const BackupManifest& manifest);
// A damaged one has a problem instead of its facts.
std::string backup_entry_json(const BackupEntry& entry);
std::string verify_json(const VerifyReport& report);
std::string restore_json(const RestoreReport& report);

}  // namespace muster
