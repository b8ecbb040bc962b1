// One function per verb: its entry of the table. Each is defined in the file of its name.
#pragma once

#include "cli/verb.h"

namespace muster {

VerbSpec init_verb();
VerbSpec validate_verb();
VerbSpec run_verb();
VerbSpec runs_list_verb();
VerbSpec runs_show_verb();
VerbSpec rejects_list_verb();
VerbSpec rejects_show_verb();
VerbSpec rejects_export_verb();
VerbSpec rejects_replay_verb();
VerbSpec rejects_waive_verb();
VerbSpec report_verb();
VerbSpec query_verb();
VerbSpec migrate_verb();
VerbSpec backup_create_verb();
VerbSpec backup_list_verb();
VerbSpec backup_verify_verb();
VerbSpec backup_restore_verb();
VerbSpec backup_expire_verb();
VerbSpec serve_verb();
VerbSpec schedule_list_verb();
VerbSpec schedule_next_verb();
VerbSpec openapi_verb();
VerbSpec insomnia_verb();
VerbSpec users_list_verb();
VerbSpec users_add_verb();
VerbSpec users_passwd_verb();
VerbSpec users_role_verb();
VerbSpec users_disable_verb();
VerbSpec users_enable_verb();
VerbSpec doctor_verb();
VerbSpec config_show_verb();
VerbSpec config_check_verb();
VerbSpec version_verb();
VerbSpec completion_verb();
VerbSpec complete_verb();
VerbSpec help_verb();

}  // namespace muster
