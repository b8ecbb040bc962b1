#include "warehouse/redshift/address.h"

#include "core/percent.h"
#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

namespace muster::redshift {
namespace {

constexpr std::string_view kScheme = "redshift://";
constexpr std::string_view kDataScheme = "redshift-data://";
// cluster.id.region.redshift.amazonaws.com, workgroup.account.region.redshift-serverless....
constexpr std::string_view kClusterHost = "redshift";
constexpr std::string_view kServerlessHost = "redshift-serverless";
constexpr std::size_t kArnRegion = 3;  // arn:aws:secretsmanager:region:account:secret:name

Error usage(std::string message, std::string hint) {
    return Error{ErrorCode::kUsage, std::move(message), std::move(hint), ""};
}

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = text.find(by);
        parts.emplace_back(text.substr(0, end));
        if (end == text.npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::string decoded(std::string_view text) { return percent_decode_lenient(text, false); }

// ClusterID of JDBC and cluster_identifier of Python are one option.
std::string option_name(std::string_view text) {
    std::string name = ascii_lower(text);
    name.erase(std::remove(name.begin(), name.end(), '_'), name.end());
    return name == "clusterid"             ? "clusteridentifier"
           : name == "serverlessworkgroup" ? "workgroup"
           : name == "workgroupname"       ? "workgroup"
           : name == "secret"              ? "secretarn"
                                           : name;
}

constexpr std::string_view kOwnOptions[] = {"iam",
                                            "clusteridentifier",
                                            "workgroup",
                                            "dbuser",
                                            "autocreate",
                                            "dbgroups",
                                            "secretarn",
                                            "region",
                                            "profile",
                                            "isserverless"};

// The parts of a URL behind its scheme.
struct Parts {
    std::string user;
    bool password = false;
    std::string host;
    std::string database;
    std::map<std::string, std::string> own;  // by option_name()
    std::string passed_on;                   // "a=b&c=d", for libpq
    std::string before_query;
};

Parts parts_of(std::string_view rest) {
    Parts parts;
    const std::size_t query = std::min(rest.find('?'), rest.size());
    parts.before_query = std::string(rest.substr(0, query));
    std::string_view place = rest.substr(0, query);
    if (const std::size_t at = place.rfind('@'); at != place.npos) {
        const std::string_view who = place.substr(0, at);
        parts.user = decoded(who.substr(0, who.find(':')));
        parts.password = who.find(':') != who.npos;
        place.remove_prefix(at + 1);
    }
    const std::size_t slash = std::min(place.find('/'), place.size());
    parts.host = decoded(place.substr(0, std::min(place.find(':'), slash)));
    parts.database = slash < place.size() ? decoded(place.substr(slash + 1)) : "";
    if (query == rest.size()) {
        return parts;
    }
    for (const std::string& pair : split(rest.substr(query + 1), '&')) {
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const std::string name = option_name(pair.substr(0, equals));
        if (std::find(std::begin(kOwnOptions), std::end(kOwnOptions), name) !=
            std::end(kOwnOptions)) {
            parts.own[name] =
                decoded(std::string_view(pair).substr(std::min(equals + 1, pair.size())));
        } else if (!pair.empty()) {
            parts.passed_on += (parts.passed_on.empty() ? "" : "&") + pair;
        }
    }
    return parts;
}

Result<bool> flag(const Parts& parts, const std::string& name, const char* shown) {
    const auto at = parts.own.find(name);
    if (at == parts.own.end()) {
        return false;
    }
    const std::string value = ascii_lower(at->second);
    if (value == "true" || value == "1") {
        return true;
    }
    if (value == "false" || value == "0") {
        return false;
    }
    return usage(fmt::format("{} of the warehouse URL is '{}'", shown, printable(at->second)),
                 "write true or false");
}

std::string option(const Parts& parts, const char* name) {
    const auto at = parts.own.find(name);
    return at == parts.own.end() ? std::string() : at->second;
}

// What Amazon's host names say of cluster, workgroup and region.
void read_host(const std::string& host, Address& address) {
    const std::vector<std::string> labels = split(host, '.');
    const auto amazon = std::find(labels.begin(), labels.end(), "amazonaws");
    if (amazon - labels.begin() < 4) {
        return;
    }
    const std::string& service = *(amazon - 1);
    if (address.region.empty() && (service == kClusterHost || service == kServerlessHost)) {
        address.region = *(amazon - 2);
    }
    if (!address.cluster.empty() || !address.workgroup.empty()) {
        return;
    }
    if (service == kClusterHost) {
        address.cluster = labels.front();
    } else if (service == kServerlessHost) {
        address.workgroup = labels.front();
    }
}

Result<void> choose_identity(Address& address) {
    if (!address.workgroup.empty()) {
        address.login = LoginKind::kServerless;
        if (!address.db_user.empty()) {
            return usage("Redshift Serverless takes the database user from the identity that calls",
                         "take the user out of the warehouse URL");
        }
        return {};
    }
    if (address.cluster.empty()) {
        return usage("the host of the warehouse URL does not say which cluster or workgroup it is",
                     "add cluster_identifier=NAME, or serverless_work_group=NAME");
    }
    address.login = address.db_user.empty() ? LoginKind::kClusterIdentity : LoginKind::kClusterUser;
    return {};
}

// Who else connects is there already, and in the groups that it is in.
Result<void> check_groups(const Address& address) {
    if (address.login == LoginKind::kClusterUser ||
        (!address.auto_create && address.db_groups.empty())) {
        return {};
    }
    return usage(fmt::format("{} of the warehouse URL is for a database user of a cluster who gets "
                             "temporary credentials",
                             address.auto_create ? "auto_create" : "db_groups"),
                 "take it out; on a cluster, the user is named by db_user");
}

Result<void> choose_login(const Parts& parts, bool iam, Address& address) {
    if (!iam && address.secret.empty()) {
        for (const char* name :
             {"clusteridentifier", "workgroup", "dbuser", "autocreate", "dbgroups"}) {
            if (parts.own.contains(name)) {
                return usage(
                    "options of temporary credentials stand in the warehouse URL without "
                    "iam=true",
                    "add iam=true, or take them out");
            }
        }
        return {};
    }
    if (iam && !address.secret.empty()) {
        return usage("the warehouse URL asks for temporary credentials and for a secret",
                     "keep iam=true or secret_arn, not both");
    }
    if (parts.password) {
        return usage(fmt::format("the warehouse URL holds a password and {}",
                                 iam ? "iam=true" : "secret_arn"),
                     "take the password out: it is fetched");
    }
    if (!address.secret.empty()) {
        address.login = LoginKind::kSecret;
        return {};
    }
    return choose_identity(address);
}

// Of the Data API: it connects by itself, with a secret or as the identity that calls.
Result<void> read_data_api(const Parts& parts, bool serverless, Address& address) {
    if (parts.password) {
        return usage("the warehouse URL holds a password, which the Data API does not take",
                     "name a secret by secret_arn, or leave the login to the identity that calls");
    }
    std::string other = parts.passed_on.substr(0, parts.passed_on.find('='));
    for (const auto& [name, shown] :
         {std::pair{"iam", "iam"}, {"autocreate", "auto_create"}, {"dbgroups", "db_groups"}}) {
        if (parts.own.contains(name)) {
            other = shown;
        }
    }
    if (!other.empty()) {
        return usage(fmt::format("the Data API has no option '{}'", printable(other)),
                     "redshift-data:// takes region, profile, secret_arn, db_user and "
                     "is_serverless");
    }
    if (address.cluster.empty() && address.workgroup.empty()) {
        (serverless ? address.workgroup : address.cluster) = parts.host;
    }
    if ((address.cluster.empty() && address.workgroup.empty()) || address.database.empty()) {
        return usage(
            "the URL of the warehouse names no cluster or no database",
            "write redshift-data://CLUSTER/DATABASE?region=REGION, for Redshift Serverless "
            "redshift-data://WORKGROUP/DATABASE?is_serverless=true&region=REGION");
    }
    if (!address.secret.empty()) {
        address.login = LoginKind::kSecret;
        return {};
    }
    return choose_identity(address);
}

}  // namespace

std::string region_of_arn(const std::string& arn) {
    const std::vector<std::string> parts = split(arn, ':');
    return parts.size() > kArnRegion && parts.front() == "arn" ? parts[kArnRegion] : std::string();
}

Result<Address> parse_address(const std::string& url) {
    Address address;
    address.data_api = url.starts_with(kDataScheme);
    const std::string_view scheme = address.data_api ? kDataScheme : kScheme;
    const std::string rest = url.starts_with(scheme) ? url.substr(scheme.size()) : std::string();
    if (rest.empty()) {
        return usage("the URL of the warehouse names no Redshift",
                     "write redshift://user:password@host:5439/database?sslmode=verify-full");
    }
    const Parts parts = parts_of(rest);
    MUSTER_ASSIGN(const bool iam, flag(parts, "iam", "iam"));
    MUSTER_ASSIGN(const bool serverless, flag(parts, "isserverless", "is_serverless"));
    MUSTER_ASSIGN(address.auto_create, flag(parts, "autocreate", "auto_create"));
    address.database = parts.database;
    address.cluster = option(parts, "clusteridentifier");
    address.workgroup = option(parts, "workgroup");
    address.secret = option(parts, "secretarn");
    address.region = option(parts, "region");
    address.profile = option(parts, "profile");
    address.db_user = option(parts, "dbuser");
    if ((iam || address.data_api) && address.db_user.empty()) {
        address.db_user = parts.user;
    }
    if (const std::string groups = option(parts, "dbgroups"); !groups.empty()) {
        address.db_groups = split(groups, ',');
    }
    read_host(parts.host, address);
    if (address.data_api) {
        MUSTER_TRY(read_data_api(parts, serverless, address));
    } else {
        MUSTER_TRY(choose_login(parts, iam, address));
        MUSTER_TRY(check_groups(address));
    }
    if (address.region.empty()) {
        address.region = region_of_arn(address.secret);
    }
    if (address.data_api) {
        return address;
    }
    std::string options = parts.passed_on;
    if (address.login != LoginKind::kGiven && options.find("sslmode=") == options.npos) {
        options += std::string(options.empty() ? "" : "&") + "sslmode=require";
    }
    address.libpq_url =
        "postgresql://" + parts.before_query + (options.empty() ? "" : "?" + options);
    return address;
}

}  // namespace muster::redshift
