#include "warehouse/redshift/logins.h"

#include "core/text.h"
#include "warehouse/redshift/detail/json.h"
#include "warehouse/redshift/services.h"

#include <fmt/format.h>

#include <limits>
#include <mutex>
#include <optional>

#include "aws/xml.h"

namespace muster::redshift {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
// They live for 15 minutes and must be good when the connection is made.
constexpr std::int64_t kRenewBeforeUs = 120 * kMicrosecondsPerSecond;
constexpr double kEndSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

struct Fetched {
    PgLogin login;
    std::int64_t expires_at_us = kForever;
};

// What all of them share: one request for many connections.
class LoginSource : public PgLoginSource {
  public:
    explicit LoginSource(const Clock& clock) : clock_(clock) {}

    Result<PgLogin> get(const CancelToken* cancel) final {
        const std::lock_guard lock(mutex_);
        const std::int64_t now_us = clock_.now_us();
        if (current_ && current_->expires_at_us - kRenewBeforeUs > now_us) {
            return current_->login;
        }
        auto fetched = fetch(cancel);
        if (!fetched.ok()) {
            // What is still good bridges a failure of the service.
            if (current_ && current_->expires_at_us > now_us) {
                return current_->login;
            }
            return std::move(fetched).error();
        }
        current_ = *std::move(fetched);
        return current_->login;
    }

    void refused(const PgLogin& login) final {
        const std::lock_guard lock(mutex_);
        if (current_ && current_->login.password == login.password) {
            current_.reset();
        }
    }

  protected:
    virtual Result<Fetched> fetch(const CancelToken* cancel) = 0;

    // The answer must hold all of it; what it does hold is never shown.
    Result<Fetched> checked(Fetched fetched, std::optional<std::int64_t> expires_at_us) const {
        if (fetched.login.user.empty() || fetched.login.password.empty() || !expires_at_us) {
            return Error{ErrorCode::kUnavailable,
                         origin() + " answered without user, password or their end",
                         "check that the endpoint is that of AWS",
                         ""};
        }
        fetched.expires_at_us = *expires_at_us;
        return fetched;
    }

  private:
    const Clock& clock_;
    std::mutex mutex_;
    std::optional<Fetched> current_;
};

class ClusterLogin final : public LoginSource {
  public:
    ClusterLogin(Address address, const AwsAccess& access, const Clock& clock)
        : LoginSource(clock),
          address_(std::move(address)),
          client_(kRedshiftService, access, clock) {}

    std::string origin() const override { return client_.place(operation()); }

  private:
    const char* operation() const {
        return address_.login == LoginKind::kClusterUser ? "GetClusterCredentials"
                                                         : "GetClusterCredentialsWithIAM";
    }

    Result<Fetched> fetch(const CancelToken* cancel) override {
        NameValues parameters{{"ClusterIdentifier", address_.cluster}};
        if (!address_.database.empty()) {
            parameters.emplace_back("DbName", address_.database);
        }
        if (address_.login == LoginKind::kClusterUser) {
            parameters.emplace_back("DbUser", address_.db_user);
            parameters.emplace_back("AutoCreate", address_.auto_create ? "true" : "false");
            for (std::size_t i = 0; i < address_.db_groups.size(); ++i) {
                parameters.emplace_back(fmt::format("DbGroups.DbGroup.{}", i + 1),
                                        address_.db_groups[i]);
            }
        }
        MUSTER_ASSIGN(const AwsAnswer answer,
                      client_.send_query(operation(), std::move(parameters), cancel));
        if (!answer.ok()) {
            return client_.error_of(operation(), answer);
        }
        const std::string result = std::string(operation()) + "Result";
        const auto text = [&](const char* name) {
            return xml_text_at(answer.body, {result.c_str(), name}).value_or("");
        };
        Fetched fetched;
        fetched.login = {text("DbUser"), text("DbPassword")};
        return checked(std::move(fetched), parse_time_us(text("Expiration")));
    }

    const Address address_;
    AwsClient client_;
};

class ServerlessLogin final : public LoginSource {
  public:
    ServerlessLogin(Address address, const AwsAccess& access, const Clock& clock)
        : LoginSource(clock),
          address_(std::move(address)),
          client_(kServerlessService, access, clock) {}

    std::string origin() const override { return client_.place(kOperation); }

  private:
    static constexpr const char* kOperation = "GetCredentials";

    Result<Fetched> fetch(const CancelToken* cancel) override {
        std::string body = "{\"workgroupName\":" + json_quote(address_.workgroup);
        if (!address_.database.empty()) {
            body += ",\"dbName\":" + json_quote(address_.database);
        }
        MUSTER_ASSIGN(const AwsAnswer answer, client_.send_json(kOperation, body + "}", cancel));
        if (!answer.ok()) {
            return client_.error_of(kOperation, answer);
        }
        simdjson::dom::parser parser;
        simdjson::dom::object object;
        Fetched fetched;
        std::optional<std::int64_t> expires_at_us;
        if (parser.parse(answer.body).get_object().get(object) == simdjson::SUCCESS) {
            fetched.login = {text_or_empty(object["dbUser"]), text_or_empty(object["dbPassword"])};
            double seconds = 0;
            if (object["expiration"].get_double().get(seconds) != simdjson::SUCCESS) {
                expires_at_us = parse_time_us(text_or_empty(object["expiration"]));
            } else if (seconds >= 1 && seconds <= kEndSecondsMax) {
                expires_at_us = static_cast<std::int64_t>(seconds) * kMicrosecondsPerSecond;
            }
        }
        return checked(std::move(fetched), expires_at_us);
    }

    const Address address_;
    AwsClient client_;
};

class SecretLogin final : public LoginSource {
  public:
    SecretLogin(Address address, const AwsAccess& access, const Clock& clock)
        : LoginSource(clock),
          address_(std::move(address)),
          client_(kSecretsService, access, clock) {}

    std::string origin() const override { return "secret " + address_.secret; }

  private:
    static constexpr const char* kOperation = "GetSecretValue";

    Error unfit(const char* why) const {
        return Error{ErrorCode::kUsage,
                     fmt::format("{} {}", origin(), why),
                     "store it as Redshift does: {\"username\": ..., \"password\": ...}",
                     ""};
    }

    Result<Fetched> fetch(const CancelToken* cancel) override {
        const std::string body = "{\"SecretId\":" + json_quote(address_.secret) + "}";
        MUSTER_ASSIGN(const AwsAnswer answer, client_.send_json(kOperation, body, cancel));
        if (!answer.ok()) {
            Error error = client_.error_of(kOperation, answer);
            error.message = origin() + ": " + error.message;
            return error;
        }
        simdjson::dom::parser parser;
        simdjson::dom::object object;
        if (parser.parse(answer.body).get_object().get(object) != simdjson::SUCCESS) {
            return unfit("was answered by no JSON");
        }
        const std::string value = text_or_empty(object["SecretString"]);
        simdjson::dom::parser inner;
        if (inner.parse(value).get_object().get(object) != simdjson::SUCCESS) {
            return unfit("holds no JSON object");
        }
        Fetched fetched;
        fetched.login = {text_or_empty(object["username"]), text_or_empty(object["password"])};
        if (fetched.login.user.empty() || fetched.login.password.empty()) {
            return unfit("holds no username and password");
        }
        return fetched;
    }

    const Address address_;
    AwsClient client_;
};

}  // namespace

std::shared_ptr<PgLoginSource> make_login_source(const Address& address,
                                                 AwsAccess access,
                                                 const Clock& clock) {
    switch (address.login) {
        case LoginKind::kGiven:
            break;
        case LoginKind::kSecret: {
            if (const std::string region = region_of_arn(address.secret); !region.empty()) {
                access.region = region;
            }
            return std::make_shared<SecretLogin>(address, access, clock);
        }
        case LoginKind::kClusterUser:
        case LoginKind::kClusterIdentity:
            return std::make_shared<ClusterLogin>(address, access, clock);
        case LoginKind::kServerless:
            return std::make_shared<ServerlessLogin>(address, access, clock);
    }
    return nullptr;
}

}  // namespace muster::redshift
