// Every limit of the product by name. Units are last in the name.
#pragma once

#include <cstddef>
#include <cstdint>

namespace muster {

// Scan. The block is also the unit of the content hash (architecture.md, data flow, step 1).
inline constexpr std::size_t kScanBlockBytes = 4U << 20;
inline constexpr std::size_t kRecordBytesDefault = 1U << 20;
inline constexpr std::size_t kRecordBytesMax = 64U << 20;
inline constexpr std::size_t kRejectRawBytesMax = 32U << 10;
inline constexpr std::size_t kReasonValueBytesMax = 256;
inline constexpr std::size_t kRejectExamplesPerCode = 3;

// Catalog.
inline constexpr std::size_t kCatalogBytesMax = 4U << 20;
inline constexpr std::size_t kTablesMax = 1000;
inline constexpr std::size_t kColumnsMax = 1000;
inline constexpr std::size_t kNameBytesMax = 63;
inline constexpr int kDecimalPrecisionMax = 38;

// Pipeline. An object's position is ordinal << 48 | byte offset.
inline constexpr int kPositionOffsetBits = 48;
inline constexpr std::size_t kObjectsPerRunMax = 32767;
inline constexpr std::int64_t kLeaseSeconds = 30;
inline constexpr std::int64_t kLeaseHeartbeatSeconds = 5;
inline constexpr int kTaskAttemptsMax = 3;

// Two processes at one data directory: how long connect-or-lock is tried.
inline constexpr std::int64_t kOwnerWaitMs = 5000;

// Rows by request (http-api.md).
inline constexpr std::size_t kRowsPerRequestMax = 1000;
inline constexpr std::size_t kPageRowsDefault = 100;
inline constexpr std::size_t kPageRowsMax = 1000;
inline constexpr std::size_t kJsonDepthMax = 16;
inline constexpr std::int64_t kGateWaitMs = 5000;
inline constexpr std::int64_t kOutcomeWaitMs = 10'000;  // for the news of a lost COMMIT
inline constexpr std::int64_t kReportMsMax = 30'000;    // of a report over HTTP
inline constexpr std::int64_t kIdempotencySeconds = 24 * 3600;

// What servers that share a database know of each other's users and revoked tokens.
inline constexpr std::int64_t kTokenFactsPollMs = 1000;
inline constexpr std::int64_t kTokenFactsAgeMaxMs = 10'000;

// A restore into PostgreSQL waits for readers of the table: for so long at a time, and in all.
inline constexpr std::int64_t kSwapLockMs = 1000;
inline constexpr std::int64_t kSwapWaitMs = 120'000;

// Archives: what Redshift's COPY takes of Avro, in decimal megabytes.
inline constexpr std::size_t kAvroHeaderBytesMax = 1'000'000;
inline constexpr std::size_t kAvroBlockBytesMax = 4'000'000;  // of its data, stored or restored
inline constexpr std::size_t kAvroBlockBytesTarget = 1U << 20;
inline constexpr std::uint64_t kAvroFileBytesDefault = 256U << 20;

// Scheduler. An occurrence that is later than this counts as missed. A jump of the clock is noticed
// within kClockLookSeconds.
inline constexpr std::int64_t kLateSecondsMax = 60;
inline constexpr std::int64_t kClockLookSeconds = 10;
inline constexpr std::int64_t kScheduleRetrySeconds = 15;
inline constexpr std::int64_t kMissedCountMax = 1000;  // more are not counted
inline constexpr std::int64_t kOccurrencesKeptDays = 90;

}  // namespace muster
