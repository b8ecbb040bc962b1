#include "api/routes.h"

#include "api/checks.h"

#include <algorithm>

namespace muster {

std::vector<Route> build_routes(const Catalog& catalog) {
    std::vector<Route> routes;
    add_account_routes(routes);
    add_table_routes(catalog, routes);
    add_backup_routes(catalog, routes);
    add_report_routes(catalog, routes);
    add_run_routes(catalog, routes);
    add_reject_routes(catalog, routes);
    add_system_routes(routes);
    for (Route& route : routes) {
        complete_answers(route);
    }
    return routes;
}

RouteAnswer problem_answer(int status, std::string description) {
    return {status, std::move(description), "Problem", {"application/problem+json"}};
}

void complete_answers(Route& route) {
    const auto add = [&route](int status, std::string description) {
        const auto known =
            std::any_of(route.answers.begin(), route.answers.end(), [status](const auto& answer) {
                return answer.status == status;
            });
        if (!known) {
            route.answers.push_back(problem_answer(status, std::move(description)));
        }
    };
    add(400, "The request is malformed.");
    if (route.access != Access::kPublic) {
        add(401, "The token is missing, expired or revoked.");
    }
    if (route.access == Access::kWriter || route.access == Access::kAdmin) {
        add(403, "The user's role does not allow it.");
    }
    if (route.body) {
        add(413, "The body is larger than /version tells.");
        add(415, "The body is of another media type.");
    }
    if (route.idempotent_post) {
        add(409, "A request with this Idempotency-Key is at work.");
    }
    if (!success_types(route).empty()) {
        add(406, "None of the accepted media types is offered.");
    }
    add(422, "A parameter or field is unknown or does not fit.");
    add(429, "Too many requests; Retry-After tells when to come back.");
    add(500, "The server failed.");
    add(503, "Overloaded, stopping, or the database did not answer; try again.");
    std::sort(route.answers.begin(), route.answers.end(), [](const auto& left, const auto& right) {
        return left.status < right.status;
    });
}

}  // namespace muster
