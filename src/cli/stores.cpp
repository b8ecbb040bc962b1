#include "cli/stores.h"

namespace muster {
namespace {

std::function<std::optional<std::string>(const std::string&)> environment_of(
    const Invocation& invocation) {
    return [variables =
                invocation.environment](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional{found->second};
    };
}

}  // namespace

StoreOptions process_store_options(const Catalog& catalog, const Invocation& invocation) {
    StoreOptions options;
    const S3Settings& s3 = catalog.s3;
    options.s3 = {.region = s3.region,
                  .endpoint = s3.endpoint,
                  .path_style = s3.path_style,
                  .sse = s3.sse,
                  .kms_key = s3.kms_key,
                  .profile = s3.profile};
    options.spool_dir = std::filesystem::path{catalog.data_dir} / "tmp";
    options.environment = environment_of(invocation);
    return options;
}

StoreOptions store_options(const VerbContext& context) {
    StoreOptions options;
    if (context.catalog != nullptr) {
        options = process_store_options(*context.catalog, context.invocation);
        if (!context.verb.needs_database) {
            options.spool_dir.clear();
        }
    }
    options.environment = environment_of(context.invocation);
    options.cancel = &context.cancel;
    return options;
}

WarehouseOptions warehouse_options(const Catalog& catalog, StoreOptions store) {
    return {.url = catalog.warehouse_url,
            .staleness_ms = std::int64_t{1000} * catalog.api.staleness_seconds,
            .state_url = catalog.state_url,
            .copy_role = catalog.copy_role,
            .clean_url = catalog.clean_url,
            .store = std::move(store)};
}

Result<std::unique_ptr<ObjectStore>> open_verb_store(const VerbContext& context,
                                                     const std::string& url) {
    return open_store(url, store_options(context));
}

std::string object_url(const VerbContext& context, const std::string& word) {
    return is_remote_url(word) ? word : context.path(word).string();
}

}  // namespace muster
