// What a connection is made with: the URL's options and muster's defaults for what it leaves open.
#pragma once

#include "core/result.h"
#include "warehouse/postgres/libpq.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster {

class Conninfo {
  public:
    // kUsage if the URL cannot be read; the message shows nothing of it that may be a password.
    // `product` is named in messages; `port` is for a URL without one.
    static Result<Conninfo> parse(const Libpq& libpq,
                                  const std::string& url,
                                  const std::string& product,
                                  const std::string& port);

    // Instead of the user and password of the URL.
    void set_login(const std::string& user, const std::string& password);

    // As PQconnectStartParams takes them, with a null at the end; they point into this object.
    std::vector<const char*> names() const;
    std::vector<const char*> values() const;

    std::string place() const;  // "PostgreSQL at db1:5432, database sales"
    std::string user() const;
    // Of all hosts together.
    std::int64_t timeout_seconds() const;

  private:
    std::string get(const std::string& name, const char* environment, const char* fallback) const;

    std::string product_;
    std::map<std::string, std::string> options_;
};

}  // namespace muster
