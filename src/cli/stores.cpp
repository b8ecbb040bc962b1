#include "cli/stores.h"

namespace muster {

StoreOptions store_options(const VerbContext& context) {
    StoreOptions options;
    if (context.catalog != nullptr) {
        const S3Settings& s3 = context.catalog->s3;
        options.s3 = {.region = s3.region,
                      .endpoint = s3.endpoint,
                      .path_style = s3.path_style,
                      .sse = s3.sse,
                      .kms_key = s3.kms_key,
                      .profile = s3.profile};
        if (context.verb.needs_database) {
            options.spool_dir = std::filesystem::path{context.catalog->data_dir} / "tmp";
        }
    }
    options.environment = [variables = context.invocation.environment](
                              const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional{found->second};
    };
    options.cancel = &context.cancel;
    return options;
}

Result<std::unique_ptr<ObjectStore>> open_verb_store(const VerbContext& context,
                                                     const std::string& url) {
    return open_store(url, store_options(context));
}

std::string object_url(const VerbContext& context, const std::string& word) {
    return is_remote_url(word) ? word : context.path(word).string();
}

}  // namespace muster
