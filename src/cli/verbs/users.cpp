// Accounts from the command line. A password comes from the terminal or a line of stdin, never as
// an argument, where others could see it.
#include "accounts/accounts.h"
#include "cli/rows.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"

#include <fmt/core.h>

namespace muster {
namespace {

constexpr std::string_view kRoles = "reader|writer|admin";

Result<std::unique_ptr<Accounts>> open_accounts(VerbContext& context) {
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse());
    return Accounts::open_for_management(warehouse->state(), context.clock);
}

void print_users(Console& console, const std::vector<UserRecord>& users) {
    RowPrinter printer{console,
                       {text_column("name"),
                        text_column("role"),
                        {"disabled", {TypeKind::kBool, 0, 0}},
                        text_column("created_at")}};
    for (const UserRecord& user : users) {
        printer.add({text_value(user.name),
                     text_value(user.role),
                     Value{user.disabled},
                     text_value(format_timestamp_us(user.created_at_us))});
    }
    printer.finish();
}

// What was done, for people; the user as it is now, for programs.
Result<int> tell(VerbContext& context, Accounts& accounts, std::string_view done) {
    const std::string& name = context.arguments.words[0];
    context.console.note(fmt::format("user '{}' {}", printable(name), done));
    if (context.console.format() == OutputFormat::kTable) {
        return 0;
    }
    MUSTER_ASSIGN(auto users, accounts.users());
    std::erase_if(users, [&](const UserRecord& user) { return !same_user_name(user.name, name); });
    print_users(context.console, users);
    return 0;
}

Error refusal(const Refused& refused) {
    switch (refused.why) {
        case Refusal::kExists:
            return {ErrorCode::kConflict, refused.message, "`muster users list` shows them", ""};
        case Refusal::kWeak:
            return {ErrorCode::kUsage, refused.message, "", ""};
        case Refusal::kThrottled:
        case Refusal::kOverloaded:
            return {ErrorCode::kUnavailable, refused.message, "", ""};
        case Refusal::kWrongCredentials:
        case Refusal::kInvalidToken:
        case Refusal::kRegistrationClosed:
            return {ErrorCode::kConflict, refused.message, "", ""};
    }
    return {ErrorCode::kInternal, refused.message, "", ""};
}

Result<std::string> read_password(VerbContext& context) {
    Console& console = context.console;
    MUSTER_ASSIGN(auto password, console.read_secret_line("password: ", context.cancel));
    if (console.terminal().in) {
        MUSTER_ASSIGN(const auto again, console.read_secret_line("once more: ", context.cancel));
        if (again != password) {
            return Error{ErrorCode::kUsage, "the two passwords differ", "nothing was changed", ""};
        }
    }
    if (password.empty()) {
        return Error{ErrorCode::kUsage,
                     "there is no password on standard input",
                     "type it at the prompt, or pipe one line in",
                     ""};
    }
    return password;
}

Error no_role(const std::string& text) {
    return {ErrorCode::kUsage,
            fmt::format("there is no role '{}'", printable(text)),
            "reader, writer or admin",
            ""};
}

Result<int> run_users_list(VerbContext& context) {
    MUSTER_ASSIGN(const auto accounts, open_accounts(context));
    MUSTER_ASSIGN(const auto users, accounts->users());
    if (users.empty()) {
        context.console.note("there is no user yet; `muster users add NAME` makes one");
    }
    if (!users.empty() || context.console.format() != OutputFormat::kTable) {
        print_users(context.console, users);
    }
    return 0;
}

Result<int> run_users_add(VerbContext& context) {
    MUSTER_ASSIGN(const auto accounts, open_accounts(context));
    Role role = Role::kWriter;
    if (const auto text = context.arguments.value("role")) {
        const auto given = parse_role(*text);
        if (!given) {
            return no_role(*text);
        }
        role = *given;
    } else {
        MUSTER_ASSIGN(const auto users, accounts->users());
        role = users.empty() ? Role::kAdmin : Role::kWriter;
    }
    MUSTER_ASSIGN(const auto password, read_password(context));
    MUSTER_ASSIGN(const auto made, accounts->add(context.arguments.words[0], password, role));
    if (!made.value) {
        return refusal(made.refused);
    }
    return tell(context, *accounts, fmt::format("added as {}", role_text(role)));
}

Result<int> run_users_passwd(VerbContext& context) {
    MUSTER_ASSIGN(const auto accounts, open_accounts(context));
    MUSTER_ASSIGN(const auto password, read_password(context));
    MUSTER_ASSIGN(const auto changed,
                  accounts->change_password(context.arguments.words[0], password));
    if (!changed.value) {
        return refusal(changed.refused);
    }
    return tell(context, *accounts, "has a new password; sessions before it have ended");
}

Result<int> run_users_role(VerbContext& context) {
    MUSTER_ASSIGN(const auto accounts, open_accounts(context));
    const auto role = parse_role(context.arguments.words[1]);
    if (!role) {
        return no_role(context.arguments.words[1]);
    }
    MUSTER_TRY(accounts->change_role(context.arguments.words[0], *role));
    return tell(context,
                *accounts,
                fmt::format("is {} now; sessions before it have ended", role_text(*role)));
}

Result<int> run_users_disable(VerbContext& context) {
    MUSTER_ASSIGN(const auto accounts, open_accounts(context));
    MUSTER_TRY(accounts->set_disabled(context.arguments.words[0], true));
    return tell(context, *accounts, "is disabled; its sessions have ended");
}

Result<int> run_users_enable(VerbContext& context) {
    MUSTER_ASSIGN(const auto accounts, open_accounts(context));
    MUSTER_TRY(accounts->set_disabled(context.arguments.words[0], false));
    return tell(context, *accounts, "may log in again");
}

VerbSpec of_one_user(VerbSpec verb) {
    verb.words = verb.words.empty() ? "NAME" : verb.words;
    verb.words_min = verb.words_min == 0 ? 1 : verb.words_min;
    verb.words_max = verb.words_min;
    verb.needs_catalog = true;
    verb.needs_database = always;
    return verb;
}

}  // namespace

VerbSpec users_list_verb() {
    return {
        .name = "users list",
        .summary = "the users of the API",
        .example = "muster users list --json",
        .needs_catalog = true,
        .needs_database = always,
        .run = run_users_list,
    };
}

VerbSpec users_add_verb() {
    return of_one_user({
        .name = "users add",
        .summary = "adds a user; the password comes from the terminal or a line of stdin",
        .example = "muster users add ada --role reader < password.txt",
        .options = {{"role", 0, "ROLE", "writer; the first user is admin", "", kRoles}},
        .run = run_users_add,
    });
}

VerbSpec users_passwd_verb() {
    return of_one_user({
        .name = "users passwd",
        .summary = "a new password, from the terminal or a line of stdin",
        .example = "muster users passwd ada",
        .run = run_users_passwd,
    });
}

VerbSpec users_role_verb() {
    return of_one_user({
        .name = "users role",
        .words = "NAME reader|writer|admin",
        .summary = "changes what a user may do",
        .example = "muster users role ada admin",
        .words_min = 2,
        .run = run_users_role,
    });
}

VerbSpec users_disable_verb() {
    return of_one_user({
        .name = "users disable",
        .summary = "ends a user's sessions and refuses new ones",
        .example = "muster users disable ada",
        .run = run_users_disable,
    });
}

VerbSpec users_enable_verb() {
    return of_one_user({
        .name = "users enable",
        .summary = "lets a disabled user log in again",
        .example = "muster users enable ada",
        .run = run_users_enable,
    });
}

}  // namespace muster
