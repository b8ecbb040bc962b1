#include "storage/s3/detail/s3_writer.h"

#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <openssl/rand.h>

namespace muster {
namespace {

constexpr const char* kMarkHeader = "x-amz-meta-muster-write";
constexpr std::size_t kMarkBytes = 16;
constexpr int kStatusMissing = 404;
constexpr int kStatusPrecondition = 412;

std::string new_mark() {
    std::array<std::uint8_t, kMarkBytes> random{};
    MUSTER_CHECK(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1);
    return hex(random);
}

std::string unquoted(const std::string& etag) {
    return etag.size() >= 2 && etag.front() == '"' ? etag.substr(1, etag.size() - 2) : etag;
}

bool names_upload(std::string_view body) {
    return !xml_text(body, "UploadId").value_or("").empty();
}

Result<std::string> upload_part(S3Client& client,
                                const std::string& key,
                                const std::string& upload,
                                std::size_t number,
                                const std::string& bytes) {
    MUSTER_ASSIGN(
        const S3Answer answer,
        client.call({.operation = "UploadPart",
                     .method = "PUT",
                     .key = key,
                     .prefix = {},
                     .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}},
                     .body = bytes}));
    return answer.http.header("etag");
}

}  // namespace

std::size_t part_bytes(std::size_t number) {
    return kPartBytes << ((number - 1) / kPartsOfOneSize);
}

S3Writer::S3Writer(S3Client& client, std::string key)
    : client_(client), key_(std::move(key)), mark_(new_mark()) {}

S3Writer::~S3Writer() {
    in_flight_.clear();  // waits for them: a part after the abort would stay
    if (!committed_ && !upload_id_.empty()) {
        // A failure leaves parts that nobody sees; the bucket's lifecycle rule removes them.
        const auto aborted = client_.call({.operation = "AbortMultipartUpload",
                                           .method = "DELETE",
                                           .key = key_,
                                           .prefix = {},
                                           .query = {{"uploadId", upload_id_}},
                                           .cleanup = true});
        static_cast<void>(aborted.ok());
    }
}

NameValues S3Writer::write_headers() const {
    NameValues headers = {{kMarkHeader, mark_}};
    if (!client_.address().sse.empty()) {
        headers.emplace_back("x-amz-server-side-encryption", client_.address().sse);
    }
    if (!client_.address().kms_key.empty()) {
        headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id",
                             client_.address().kms_key);
    }
    return headers;
}

Result<void> S3Writer::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t room = part_bytes(parts_begun_ + 1) - part_.size();
        const std::string_view piece = bytes.substr(0, room);
        part_.append(piece);
        bytes.remove_prefix(piece.size());
        if (piece.size() == room && !bytes.empty()) {
            MUSTER_TRY(send_part());
        }
    }
    return {};
}

Result<void> S3Writer::begin_upload() {
    const S3Call call{.operation = "CreateMultipartUpload",
                      .method = "POST",
                      .key = key_,
                      .prefix = {},
                      .query = {{"uploads", ""}},
                      .headers = write_headers(),
                      .whole = names_upload};
    MUSTER_ASSIGN(const S3Answer answer, client_.call(call));
    upload_id_ = xml_text(answer.http.body, "UploadId").value_or("");
    return {};
}

Result<void> S3Writer::send_part() {
    if (upload_id_.empty()) {
        MUSTER_TRY(begin_upload());
    }
    if (in_flight_.size() == kPartsInFlight) {
        MUSTER_TRY(take_oldest_part());
    }
    const std::size_t number = ++parts_begun_;
    in_flight_.push_back(
        std::async(std::launch::async, [this, number, bytes = std::exchange(part_, {})] {
            return upload_part(client_, key_, upload_id_, number, bytes);
        }));
    return {};
}

Result<void> S3Writer::take_oldest_part() {
    auto done = in_flight_.front().get();
    in_flight_.pop_front();
    if (!done.ok()) {
        return std::move(done).error();
    }
    etags_.push_back(*std::move(done));
    return {};
}

Result<void> S3Writer::finish(bool if_absent) {
    if (upload_id_.empty()) {
        MUSTER_TRY(put(if_absent));
    } else {
        if (!part_.empty()) {
            MUSTER_TRY(send_part());
        }
        while (!in_flight_.empty()) {
            MUSTER_TRY(take_oldest_part());
        }
        MUSTER_TRY(complete(if_absent));
    }
    committed_ = true;
    return {};
}

Result<void> S3Writer::put(bool if_absent) {
    S3Call call{.operation = "PutObject",
                .method = "PUT",
                .key = key_,
                .prefix = {},
                .headers = write_headers(),
                .body = part_};
    if (if_absent) {
        call.headers.emplace_back("if-none-match", "*");
    }
    MUSTER_ASSIGN(const S3Answer answer, client_.send(call));
    if (answer.ok()) {
        etag_ = unquoted(answer.http.header("etag"));
        return {};
    }
    if (answer.http.status == kStatusPrecondition) {
        // An attempt whose answer was lost may have written it; libcurl itself sends again what a
        // connection that was kept open did not answer.
        MUSTER_ASSIGN(const bool ours, is_ours());
        if (ours) {
            return {};
        }
        return Error{.code = ErrorCode::kConflict,
                     .message = client_.place(call) + ": there is such an object already"};
    }
    return client_.error_of(call, answer);
}

Result<void> S3Writer::complete(bool if_absent) {
    const std::string body = complete_body(etags_);
    S3Call call{.operation = "CompleteMultipartUpload",
                .method = "POST",
                .key = key_,
                .prefix = {},
                .query = {{"uploadId", upload_id_}},
                .headers = {{"content-type", "application/xml"}},
                .body = body};
    if (if_absent) {
        call.headers.emplace_back("if-none-match", "*");
    }
    MUSTER_ASSIGN(const S3Answer answer, client_.send(call));
    const auto etag = xml_text(answer.http.body, "ETag");
    if (answer.ok() && etag) {
        etag_ = unquoted(*etag);
        return {};
    }
    const bool taken = answer.http.status == kStatusPrecondition;
    // An attempt whose answer was lost or cut may have ended the upload.
    if (answer.ok() || taken || answer.http.status == kStatusMissing) {
        MUSTER_ASSIGN(const bool ours, is_ours());
        if (ours) {
            return {};
        }
    }
    if (taken) {
        return Error{.code = ErrorCode::kConflict,
                     .message = client_.place(call) + ": there is such an object already"};
    }
    return client_.error_of(call, answer);
}

Result<bool> S3Writer::is_ours() {
    MUSTER_ASSIGN(
        const S3Answer answer,
        client_.send({.operation = "HeadObject", .method = "HEAD", .key = key_, .prefix = {}}));
    const bool ours = answer.ok() && answer.http.header(kMarkHeader) == mark_;
    if (ours) {
        etag_ = unquoted(answer.http.header("etag"));
    }
    return ours;
}

}  // namespace muster
