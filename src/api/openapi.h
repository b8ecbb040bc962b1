// The OpenAPI 3.1 document of the routes (http-api.md, Conventions). Pure functions.
#pragma once

#include "api/routes.h"
#include "catalog/catalog.h"

#include <string>
#include <vector>

namespace muster {

// JSON text.
std::string openapi_json(const Catalog& catalog,
                         const std::vector<Route>& routes,
                         const std::string& version);

// The components' schemas as one JSON object.
std::string component_schemas(const Catalog& catalog);

}  // namespace muster
