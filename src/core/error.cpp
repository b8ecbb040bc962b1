#include "core/error.h"

namespace muster {

std::string_view error_code_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::kUsage:
            return "usage";
        case ErrorCode::kNotFound:
            return "not_found";
        case ErrorCode::kConflict:
            return "conflict";
        case ErrorCode::kBusy:
            return "busy";
        case ErrorCode::kUnavailable:
            return "unavailable";
        case ErrorCode::kIo:
            return "io";
        case ErrorCode::kLimit:
            return "reject_limit";
        case ErrorCode::kAuthentication:
            return "authentication";
        case ErrorCode::kVerification:
            return "verification";
        case ErrorCode::kCancelled:
            return "cancelled";
        case ErrorCode::kInternal:
            return "internal";
    }
    return "internal";
}

bool retryable(ErrorCode code) { return code == ErrorCode::kUnavailable; }

int exit_code(ErrorCode code) {
    switch (code) {
        case ErrorCode::kUsage:
            return 2;
        case ErrorCode::kLimit:
            return 4;
        case ErrorCode::kBusy:
            return 5;
        case ErrorCode::kAuthentication:
            return 6;
        case ErrorCode::kVerification:
            return 7;
        case ErrorCode::kCancelled:
            return 130;
        case ErrorCode::kNotFound:
        case ErrorCode::kConflict:
        case ErrorCode::kUnavailable:
        case ErrorCode::kIo:
        case ErrorCode::kInternal:
            return 1;
    }
    return 1;
}

}  // namespace muster
