// The Insomnia collection (v5, YAML) of the routes, in the order a person uses them: register, log
// in, then everything else with the token.
#pragma once

#include "api/routes.h"
#include "catalog/catalog.h"

#include <string>
#include <vector>

namespace muster {

std::string insomnia_yaml(const Catalog& catalog,
                          const std::vector<Route>& routes,
                          const std::string& base_url);

}  // namespace muster
