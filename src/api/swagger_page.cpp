#include "api/swagger_page.h"

#include <zlib.h>

#include <array>
#include <cstddef>
#include <string>

// Made from third_party/swagger-ui at build time; the files are compressed by gzip.
extern "C" {
extern const unsigned char kMusterSwaggerBundleBegin[];
extern const unsigned char kMusterSwaggerBundleEnd[];
extern const unsigned char kMusterSwaggerCssBegin[];
extern const unsigned char kMusterSwaggerCssEnd[];
}

namespace muster {
namespace {

// No script in the page itself, so that the policy can forbid them.
constexpr std::string_view kIndex = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>muster REST API</title>
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
)";

constexpr std::string_view kStart = R"(window.ui = SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
)";

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

std::string_view view(const unsigned char* begin, const unsigned char* end) {
    return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

std::string gunzip(std::string_view packed) {
    constexpr int kGzipWindowBits = 15 + 16;
    z_stream stream{};
    std::string text;
    if (inflateInit2(&stream, kGzipWindowBits) != Z_OK) {
        return text;
    }
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    std::array<char, 1U << 16> buffer;
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream.avail_out = buffer.size();
        state = inflate(&stream, Z_NO_FLUSH);
        text.append(buffer.data(), buffer.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    return text;
}

http::Response page(std::string type, std::string body) {
    http::Response response = http::text_response(200, std::move(type), std::move(body));
    response.set("Cache-Control", "public, max-age=3600");
    response.set("Content-Security-Policy", std::string{kPolicy});
    return response;
}

http::Response packed_file(std::string type,
                           std::string_view packed,
                           const http::Request& request) {
    const std::string* accepts = request.header("accept-encoding");
    const bool gzip = accepts != nullptr && accepts->find("gzip") != std::string::npos;
    http::Response response = page(std::move(type), gzip ? std::string{packed} : gunzip(packed));
    response.set("Vary", "Accept-Encoding");
    if (gzip) {
        response.set("Content-Encoding", "gzip");
    }
    return response;
}

}  // namespace

std::optional<http::Response> swagger_asset(std::string_view file, const http::Request& request) {
    if (file == "index.html") {
        return page("text/html; charset=utf-8", std::string{kIndex});
    }
    if (file == "start.js") {
        return page("text/javascript; charset=utf-8", std::string{kStart});
    }
    if (file == "swagger-ui-bundle.js") {
        return packed_file("text/javascript; charset=utf-8",
                           view(kMusterSwaggerBundleBegin, kMusterSwaggerBundleEnd),
                           request);
    }
    if (file == "swagger-ui.css") {
        return packed_file(
            "text/css; charset=utf-8", view(kMusterSwaggerCssBegin, kMusterSwaggerCssEnd), request);
    }
    return std::nullopt;
}

}  // namespace muster
