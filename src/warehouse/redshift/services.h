// The services of AWS that a Redshift warehouse asks.
#pragma once

#include "aws/client.h"

namespace muster::redshift {

inline constexpr AwsService kRedshiftService{.name = "redshift",
                                             .variable = "REDSHIFT",
                                             .target = "",
                                             .version = "2012-12-01",
                                             .right = "redshift"};
inline constexpr AwsService kServerlessService{.name = "redshift-serverless",
                                               .variable = "REDSHIFT_SERVERLESS",
                                               .target = "RedshiftServerless",
                                               .version = "",
                                               .right = "redshift-serverless"};
inline constexpr AwsService kSecretsService{.name = "secretsmanager",
                                            .variable = "SECRETS_MANAGER",
                                            .target = "secretsmanager",
                                            .version = "",
                                            .right = "secretsmanager"};
inline constexpr AwsService kDataService{.name = "redshift-data",
                                         .variable = "REDSHIFT_DATA",
                                         .target = "RedshiftData",
                                         .version = "",
                                         .right = "redshift-data"};

}  // namespace muster::redshift
