// The reference of muster.toml as a document, made from the table of keys.
#pragma once

#include <string>

namespace muster {

// Markdown, the whole of docs/catalog.md.
std::string catalog_reference_markdown();

}  // namespace muster
