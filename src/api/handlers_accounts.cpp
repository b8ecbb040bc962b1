// Register, login, refresh, logout.
#include "api/app.h"
#include "api/json_body.h"
#include "present/json.h"

#include <fmt/core.h>

namespace muster {
namespace {

const std::vector<BodyField>& credentials() {
    static const std::vector<BodyField> fields = {{"username"}, {"password"}};
    return fields;
}

http::Response refused(const Call& call, const Refused& why) {
    const auto with_retry = [&](http::Response response) {
        response.set("Retry-After",
                     std::to_string(std::max<std::int64_t>(1, why.retry_after_seconds)));
        return response;
    };
    switch (why.why) {
        case Refusal::kExists:
            return problem(call, {409, "user.exists", why.message, {}});
        case Refusal::kWeak:
            return problem(call,
                           {422,
                            "credentials.weak",
                            why.message,
                            {{why.pointer, "credentials.weak", why.message}}});
        case Refusal::kWrongCredentials:
            return problem(call, {401, "credentials.wrong", why.message, {}});
        case Refusal::kInvalidToken:
            return problem(call, {401, "token.invalid", why.message, {}});
        case Refusal::kThrottled:
            return with_retry(problem(call, {429, "throttled", why.message, {}}));
        case Refusal::kOverloaded:
            return with_retry(problem(call, {503, "overloaded", why.message, {}}));
        case Refusal::kRegistrationClosed:
            return problem(call, {403, "registration.closed", why.message, {}});
    }
    return problem(call, {500, "internal", "the server failed", {}});
}

http::Response token_response(const TokenPair& pair) {
    return json_response(200,
                         JsonObject{}
                             .text("access_token", pair.access_token)
                             .text("token_type", "Bearer")
                             .number("expires_in", pair.expires_in_seconds)
                             .text("refresh_token", pair.refresh_token)
                             .str());
}

http::Response register_user(App& app, const Call& call) {
    BodyValues body;
    if (const auto bad = read_body(call.request.body, credentials(), body)) {
        return problem(call, *bad);
    }
    const auto made = app.services().accounts.register_user(
        body.text("username"), body.text("password"), call.request.address);
    if (!made.ok()) {
        return app.failure(call, made.error());
    }
    if (!made->value) {
        return refused(call, made->refused);
    }
    return json_response(201,
                         JsonObject{}
                             .text("message", "User created successfully.")
                             .text("username", made->value->name)
                             .text("role", made->value->role)
                             .str());
}

http::Response login(App& app, const Call& call) {
    BodyValues body;
    if (const auto bad = read_body(call.request.body, credentials(), body)) {
        return problem(call, *bad);
    }
    const auto pair = app.services().accounts.login(
        body.text("username"), body.text("password"), call.request.address);
    if (!pair.ok()) {
        return app.failure(call, pair.error());
    }
    return pair->value ? token_response(*pair->value) : refused(call, pair->refused);
}

http::Response refresh(App& app, const Call& call) {
    BodyValues body;
    if (const auto bad = read_body(call.request.body, {{"refresh_token"}}, body)) {
        return problem(call, *bad);
    }
    const auto pair = app.services().accounts.refresh(body.text("refresh_token"));
    if (!pair.ok()) {
        return app.failure(call, pair.error());
    }
    return pair->value ? token_response(*pair->value) : refused(call, pair->refused);
}

http::Response logout(App& app, const Call& call) {
    const std::string* everywhere = call.request.parameter("everywhere");
    const auto done = app.services().accounts.logout(
        *call.principal, everywhere != nullptr && *everywhere == "true");
    if (!done.ok()) {
        return app.failure(call, done.error());
    }
    return json_response(200, JsonObject{}.text("message", "Successfully logged out.").str());
}

}  // namespace

void add_account_routes(std::vector<Route>& routes) {
    const std::string example = R"({"username": "ada", "password": "correct horse battery"})";
    routes.push_back(
        {.method = "POST",
         .pattern = "/register",
         .operation = "register",
         .tag = "accounts",
         .summary = "Creates a user. The first one is admin, later ones are writers by default.",
         .access = Access::kPublic,
         .body = RouteBody{"NewUser", "application/json", true, example},
         .answers = {{201, "The user was created.", "Registered"},
                     problem_answer(403, "Registration is closed."),
                     problem_answer(409, "The name is taken.")},
         .handler = register_user});
    routes.push_back({.method = "POST",
                      .pattern = "/login",
                      .operation = "login",
                      .tag = "accounts",
                      .summary = "Answers an access token and a refresh token.",
                      .access = Access::kPublic,
                      .body = RouteBody{"Credentials", "application/json", true, example},
                      .answers = {{200, "The tokens.", "Tokens"},
                                  problem_answer(401, "Unknown user or wrong password.")},
                      .handler = login});
    routes.push_back(
        {.method = "POST",
         .pattern = "/refresh",
         .operation = "refresh",
         .tag = "accounts",
         .summary = "Exchanges a refresh token for a new pair. It can be used once.",
         .access = Access::kPublic,
         .body =
             RouteBody{"Refresh", "application/json", true, R"({"refresh_token": "from /login"})"},
         .answers =
             {{200, "The tokens.", "Tokens"},
              problem_answer(
                  401,
                  "Unknown, expired or spent; a spent one ends all that came from its login.")},
         .handler = refresh});
    routes.push_back({.method = "POST",
                      .pattern = "/logout",
                      .operation = "logout",
                      .tag = "accounts",
                      .summary = "Refuses the access token from now on.",
                      .access = Access::kReader,
                      .params = {{"everywhere",
                                  "query",
                                  R"({"type":"boolean","default":false})",
                                  "Refuse all tokens of the user."}},
                      .answers = {{200, "Logged out.", "Message"}},
                      .handler = logout});
}

}  // namespace muster
