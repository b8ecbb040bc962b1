#include "warehouse/postgres/conninfo.h"

#include <algorithm>
#include <cstdlib>
#include <libpq-fe.h>
#include <utility>

namespace muster {

namespace {

constexpr std::int64_t kConnectSecondsDefault = 10;

Error unreadable(const std::string& why) {
    return Error{
        ErrorCode::kUsage,
        "the URL of the warehouse cannot be read" + why,
        "write postgresql://user:password@host:5432/database; in a password, @ is %40, / is"
        " %2F, : is %3A, ? is %3F, # is %23 and % is %25",
        ""};
}

// A raw @ or / in a password makes a part of it a host or a database, which messages would show.
bool has_stray_at(const std::string& url) {
    const std::size_t scheme = url.find("://");
    const std::string rest = url.substr(0, url.find('?')).substr(scheme + 3);
    const std::size_t at = rest.find('@');
    return at != std::string::npos &&
           (rest.find('@', at + 1) != std::string::npos || rest.find('/') < at);
}

}  // namespace

Result<Conninfo> Conninfo::parse(const Libpq& libpq,
                                 const std::string& url,
                                 const std::string& product,
                                 const std::string& port) {
    if (has_stray_at(url)) {
        return unreadable("");
    }
    char* message = nullptr;
    PQconninfoOption* parsed = libpq.conninfo_parse(url.c_str(), &message);
    const std::string why = message == nullptr ? "" : message;
    libpq.freemem(message);
    if (parsed == nullptr) {
        // libpq quotes the place it stumbled over, which may be a part of the password.
        return unreadable(url.find('@') == std::string::npos ? ": " + why : "");
    }
    Conninfo info;
    info.product_ = product;
    for (const PQconninfoOption* option = parsed; option->keyword != nullptr; ++option) {
        if (option->val != nullptr) {
            info.options_[option->keyword] = option->val;
        }
    }
    libpq.conninfo_free(parsed);
    const std::pair<const char*, const char*> defaults[] = {
        {"fallback_application_name", "muster"},
        {"client_encoding", "UTF8"},
        // A server that is gone without a word is noticed in a minute.
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "60000"},
    };
    for (const auto& [name, value] : defaults) {
        info.options_.emplace(name, value);
    }
    if (std::getenv("PGPORT") == nullptr) {
        info.options_.emplace("port", port);
    }
    return info;
}

void Conninfo::set_login(const std::string& user, const std::string& password) {
    options_["user"] = user;
    options_["password"] = password;
}

std::vector<const char*> Conninfo::names() const {
    std::vector<const char*> names;
    for (const auto& option : options_) {
        names.push_back(option.first.c_str());
    }
    names.push_back(nullptr);
    return names;
}

std::vector<const char*> Conninfo::values() const {
    std::vector<const char*> values;
    for (const auto& option : options_) {
        values.push_back(option.second.c_str());
    }
    values.push_back(nullptr);
    return values;
}

std::string Conninfo::get(const std::string& name,
                          const char* environment,
                          const char* fallback) const {
    if (const auto at = options_.find(name); at != options_.end() && !at->second.empty()) {
        return at->second;
    }
    const char* value = std::getenv(environment);
    return value == nullptr || *value == '\0' ? fallback : value;
}

std::string Conninfo::user() const { return get("user", "PGUSER", "the user of this process"); }

std::string Conninfo::place() const {
    const std::string host = get("host", "PGHOST", get("hostaddr", "PGHOSTADDR", "").c_str());
    const std::string port = get("port", "PGPORT", "5432");
    const std::string where = host.empty() ? "the local socket, port " + port : host + ":" + port;
    return product_ + " at " + where + ", database " +
           get("dbname", "PGDATABASE", get("user", "PGUSER", "of the user's name").c_str());
}

std::int64_t Conninfo::timeout_seconds() const {
    const std::string text = get("connect_timeout", "PGCONNECT_TIMEOUT", "");
    std::int64_t seconds = std::strtoll(text.c_str(), nullptr, 10);
    if (seconds <= 0) {
        seconds = kConnectSecondsDefault;
    }
    const std::string host = get("host", "PGHOST", "");
    return seconds * (1 + std::count(host.begin(), host.end(), ','));
}

}  // namespace muster
