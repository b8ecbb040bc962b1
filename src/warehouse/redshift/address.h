// What a redshift:// URL says: where the database is, and whose credentials open it. Its options
// have the names of Amazon's own drivers; those of libpq are passed on.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace muster::redshift {

enum class LoginKind : std::uint8_t {
    kGiven,            // user and password are the URL's, or those libpq finds
    kSecret,           // a secret of Secrets Manager holds them
    kClusterUser,      // GetClusterCredentials, for a database user that is named
    kClusterIdentity,  // GetClusterCredentialsWithIAM, for the identity that calls
    kServerless,       // GetCredentials of Redshift Serverless, for the identity that calls
};

struct Address {
    bool data_api = false;  // no connection: statements are requests to the Data API
    std::string libpq_url;  // postgresql://..., without the options below; "" for the Data API
    LoginKind login = LoginKind::kGiven;
    std::string database;
    std::string cluster;                 // of a provisioned cluster
    std::string workgroup;               // of Redshift Serverless
    std::string db_user;                 // "": that of the identity
    bool auto_create = false;            // the user is made if it is not there
    std::vector<std::string> db_groups;  // that the user joins for the session
    std::string secret;                  // its ARN or name
    std::string region;                  // "": that of the environment
    std::string profile;                 // "": that of [s3] profile, or of the environment
};

// redshift://user[:password]@host[:port]/database?options, or
// redshift-data://[user@]cluster/database?options. kUsage if it names no host or database, or its
// options contradict each other; no message shows a password.
Result<Address> parse_address(const std::string& url);

// The region in an ARN; "" if it is none, or has none.
std::string region_of_arn(const std::string& arn);

}  // namespace muster::redshift
