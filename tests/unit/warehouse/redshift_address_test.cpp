// redshift:// and redshift-data:// URLs: who connects, where, and what contradicts itself.
#include "warehouse/redshift/address.h"

#include <gtest/gtest.h>

namespace muster::redshift {
namespace {

constexpr const char* kCluster = "sales.abc123.eu-central-1.redshift.amazonaws.com";
constexpr const char* kServerless =
    "etl.123456789012.us-west-2.redshift-serverless.amazonaws.com:5439";
constexpr const char* kArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:loader-AbCdEf";

Address good(const std::string& url) {
    const auto address = parse_address(url);
    EXPECT_TRUE(address.ok()) << url << ": " << address.error().message;
    return address.ok() ? *address : Address{};
}

TEST(RedshiftAddress, LeavesAUrlOfLibpqAlone) {
    const Address address = good("redshift://u:p%40x@h:5439/dev?sslmode=verify-full&x=1");
    EXPECT_EQ(address.login, LoginKind::kGiven);
    EXPECT_EQ(address.libpq_url, "postgresql://u:p%40x@h:5439/dev?sslmode=verify-full&x=1");
    EXPECT_EQ(good("redshift://h/dev?region=eu-west-1").libpq_url, "postgresql://h/dev");
}

TEST(RedshiftAddress, OfTemporaryCredentials) {
    const std::string host(kCluster);
    Address address = good("redshift://loader@" + host + "/dev?iam=true");
    EXPECT_EQ(address.login, LoginKind::kClusterUser);
    EXPECT_EQ(address.cluster, "sales");
    EXPECT_EQ(address.region, "eu-central-1");
    EXPECT_EQ(address.db_user, "loader");
    EXPECT_EQ(address.database, "dev");
    EXPECT_EQ(address.libpq_url, "postgresql://loader@" + host + "/dev?sslmode=require");

    address = good("redshift://" + host + "/dev?IAM=1&sslmode=disable");
    EXPECT_EQ(address.login, LoginKind::kClusterIdentity);
    EXPECT_EQ(address.libpq_url, "postgresql://" + host + "/dev?sslmode=disable");

    address = good("redshift://" + std::string(kServerless) + "/dev?iam=true&region=eu-west-3");
    EXPECT_EQ(address.login, LoginKind::kServerless);
    EXPECT_EQ(address.workgroup, "etl");
    EXPECT_EQ(address.region, "eu-west-3");
    EXPECT_EQ(address.cluster, "");
    EXPECT_EQ(good("redshift://h/d?iam=true&workgroup=w&auto_create=false").workgroup, "w");
}

TEST(RedshiftAddress, KnowsTheNamesOfBothDrivers) {
    for (const char* options :
         {"iam=true&cluster_identifier=c&db_user=a%20b&auto_create=true&db_groups=x,y",
          "iam=true&ClusterID=c&DbUser=a%20b&AutoCreate=true&DbGroups=x,y"}) {
        const Address address = good(std::string("redshift://10.0.0.1/dev?") + options);
        EXPECT_EQ(address.login, LoginKind::kClusterUser);
        EXPECT_EQ(address.cluster, "c");
        EXPECT_EQ(address.db_user, "a b");
        EXPECT_TRUE(address.auto_create);
        EXPECT_EQ(address.db_groups, (std::vector<std::string>{"x", "y"}));
    }
    for (const char* name : {"serverless_work_group", "serverlessWorkGroup", "workgroup"}) {
        EXPECT_EQ(good(std::string("redshift://h/dev?iam=true&") + name + "=w").workgroup, "w");
    }
}

TEST(RedshiftAddress, OfASecret) {
    Address address = good("redshift://" + std::string(kCluster) + "/dev?secret_arn=" + kArn);
    EXPECT_EQ(address.login, LoginKind::kSecret);
    EXPECT_EQ(address.secret, kArn);
    EXPECT_EQ(address.region, "eu-central-1");
    EXPECT_EQ(good(std::string("redshift://h/dev?secret=") + kArn).region, "eu-west-1");
    EXPECT_EQ(region_of_arn(kArn), "eu-west-1");
    EXPECT_EQ(region_of_arn("loader"), "");
    EXPECT_EQ(region_of_arn("arn:aws"), "");
}

TEST(RedshiftAddress, OfTheDataApi) {
    Address address =
        good(std::string("redshift-data://sales/dev?region=eu-west-1&secret=") + kArn);
    EXPECT_TRUE(address.data_api);
    EXPECT_EQ(address.cluster, "sales");
    EXPECT_EQ(address.secret, kArn);
    EXPECT_EQ(address.libpq_url, "");
    EXPECT_EQ(good("redshift-data://loader@sales/dev").login, LoginKind::kClusterUser);
    EXPECT_EQ(good("redshift-data://sales/dev").login, LoginKind::kClusterIdentity);
    address = good("redshift-data://etl/dev?is_serverless=true");
    EXPECT_EQ(address.login, LoginKind::kServerless);
    EXPECT_EQ(address.workgroup, "etl");
    EXPECT_EQ(good("redshift-data://" + std::string(kServerless) + "/dev").workgroup, "etl");
}

TEST(RedshiftAddress, SaysWhatIsWrongWithoutThePassword) {
    const std::pair<const char*, const char*> cases[] = {
        {"redshift://", "names no Redshift"},
        {"postgresql://u:hidden@h/d", "names no Redshift"},
        {"redshift://u:hidden@h/d?iam=true", "holds a password and iam=true"},
        {"redshift://u:hidden@h/d?secret_arn=x", "holds a password and secret_arn"},
        {"redshift://h/d?iam=maybe", "iam of the warehouse URL is 'maybe'"},
        {"redshift://h/d?iam=true", "which cluster or workgroup"},
        {"redshift://h/d?iam=true&cluster_identifier=c&secret=x", "and for a secret"},
        {"redshift://h/d?db_user=x", "without iam=true"},
        {"redshift://u@h/d?iam=true&workgroup=w", "takes the database user from the identity"},
        {"redshift://h/d?iam=true&cluster_identifier=c&db_groups=g", "db_groups of the warehouse"},
        {"redshift://h/d?iam=true&cluster_identifier=c&auto_create=1", "auto_create of the"},
        {"redshift://h/d?iam=true&workgroup=w&db_groups=g", "db_groups of the warehouse"},
        {"redshift://h/d?secret_arn=x&DbGroups=g", "db_groups of the warehouse"},
        {"redshift-data://u:hidden@c/d", "the Data API does not take"},
        {"redshift-data://c", "no cluster or no database"},
        {"redshift-data:///d", "no cluster or no database"},
        {"redshift-data://c/d?sslmode=require", "no option 'sslmode'"},
        {"redshift-data://c/d?iam=true", "no option 'iam'"},
        {"redshift-data://u@c/d?AutoCreate=true", "no option 'auto_create'"},
        {"redshift-data://u@c/d?db_groups=g", "no option 'db_groups'"},
        {"redshift-data://u@w/d?is_serverless=1", "takes the database user from the identity"},
    };
    for (const auto& [url, words] : cases) {
        const auto address = parse_address(url);
        ASSERT_FALSE(address.ok()) << url;
        EXPECT_EQ(address.error().code, ErrorCode::kUsage);
        EXPECT_NE(address.error().message.find(words), std::string::npos)
            << url << ": " << address.error().message;
        EXPECT_EQ((address.error().message + address.error().hint).find("hidden"),
                  std::string::npos);
        EXPECT_FALSE(address.error().hint.empty()) << url;
    }
}

}  // namespace
}  // namespace muster::redshift
