#include "hiring_rows.h"

#include <array>
#include <charconv>

namespace hiring {
namespace {

constexpr std::array<std::string_view, kDepartments> kDepartmentNames = {"Product Management",
                                                                         "Sales",
                                                                         "Research and Development",
                                                                         "Business Development",
                                                                         "Engineering",
                                                                         "Support",
                                                                         "Human Resources",
                                                                         "Services",
                                                                         "Marketing",
                                                                         "Training",
                                                                         "Legal",
                                                                         "Accounting"};

constexpr std::array<std::string_view, 20> kTrades = {"Accountant",      "Analyst",
                                                      "Architect",       "Auditor",
                                                      "Biostatistician", "Data Engineer",
                                                      "Designer",        "Editor",
                                                      "Geologist",       "Help Desk Technician",
                                                      "Office Manager",  "Paralegal",
                                                      "Product Manager", "Quality Engineer",
                                                      "Recruiter",       "Sales Engineer",
                                                      "Social Worker",   "Statistician",
                                                      "Tax Adviser",     "Technical Writer"};
constexpr std::array<std::string_view, 3> kGrades = {"", " II", " III"};

constexpr std::array<std::string_view, 48> kFirstNames = {
    "Ada",   "Amir",  "Ana",    "Anselm", "Asha",   "Aurelio", "Beatriz", "Björn",
    "Carla", "Chidi", "Chloé",  "Dalia",  "Daniel", "Elena",   "Emeka",   "Esther",
    "Farah", "Felix", "Gloria", "Hana",   "Hugo",   "Ines",    "Ivan",    "Jamila",
    "Jonas", "José",  "Julia",  "Kaito",  "Kwame",  "Laila",   "Lars",    "Leonie",
    "Lucía", "Mateo", "Mei",    "Milan",  "Nadia",  "Noah",    "Olga",    "Omar",
    "Paula", "Priya", "Rafael", "Rosa",   "Samuel", "Tomás",   "Yara",    "Zoë"};

constexpr std::array<std::string_view, 48> kLastNames = {
    "Abbott", "Adeyemi",  "Álvarez",  "Bauer",    "Becker",  "Bianchi",  "Castro", "Cheng",
    "Costa",  "Dubois",   "Eriksen",  "Fischer",  "Flores",  "Fontaine", "García", "Gupta",
    "Haddad", "Hansen",   "Hoffmann", "Ibrahim",  "Ivanova", "Jensen",   "Kaya",   "Keller",
    "Kim",    "Kowalski", "Larsen",   "Lindberg", "López",   "Marino",   "Mbeki",  "Moreau",
    "Müller", "Nakamura", "Novak",    "O'Brien",  "Okafor",  "Pereira",  "Quispe", "Ramírez",
    "Rossi",  "Sato",     "Silva",    "Tanaka",   "Torres",  "van Dijk", "Wójcik", "Zhang"};

std::array<std::string, kJobs> make_job_names() {
    std::array<std::string, kJobs> names;
    for (std::size_t index = 0; index < names.size(); ++index) {
        names[index] = kTrades[index / kGrades.size()];
        names[index] += kGrades[index % kGrades.size()];
    }
    return names;
}

constexpr std::uint32_t kDaySeconds = 86'400;
constexpr std::uint32_t kYearSeconds = 365 * kDaySeconds;

void append_two_digits(std::uint32_t value, std::string& out) {
    out += static_cast<char>('0' + value / 10);
    out += static_cast<char>('0' + value % 10);
}

// Whether a row is one of the share. Doubles are exact here: a product and a comparison.
bool in_share(Random& random, double share) {
    constexpr double kTwoTo64 = 18446744073709551616.0;
    return static_cast<double>(random.next()) < share * kTwoTo64;
}

// One fault per dirty row, each of which a CSV reader with declared types can notice.
enum class Fault : std::uint32_t {
    kNone,
    kTooFewFields,
    kTooManyFields,
    kKeyNotInteger,
    kNotTimestamp,
    kDepartmentNotInteger,
    kKeyMissing,
};
constexpr std::uint32_t kFaults = 6;

}  // namespace

std::uint64_t Random::next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
}

std::uint32_t Random::below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32U) * bound) >> 32U);
}

std::string_view department_name(std::uint32_t id) { return kDepartmentNames.at(id - 1); }

std::string_view job_name(std::uint32_t id) {
    static const std::array<std::string, kJobs> kNames = make_job_names();
    return kNames.at(id - 1);
}

void append_integer(std::uint64_t value, std::string& out) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_timestamp(std::uint32_t seconds, std::string& out) {
    constexpr std::array<std::uint32_t, 12> kMonthDays = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    out += seconds < kYearSeconds ? "2021-" : "2022-";
    std::uint32_t day = seconds % kYearSeconds / kDaySeconds;
    std::uint32_t month = 0;
    while (day >= kMonthDays[month]) {
        day -= kMonthDays[month++];
    }
    const std::uint32_t of_day = seconds % kDaySeconds;
    append_two_digits(month + 1, out);
    out += '-';
    append_two_digits(day + 1, out);
    out += 'T';
    append_two_digits(of_day / 3600, out);
    out += ':';
    append_two_digits(of_day / 60 % 60, out);
    out += ':';
    append_two_digits(of_day % 60, out);
    out += 'Z';
}

// One name in 32 is written "Last, First", in quotes.
void append_name(Random& random, std::string& out) {
    const std::string_view first = kFirstNames[random.below(kFirstNames.size())];
    const std::string_view last = kLastNames[random.below(kLastNames.size())];
    if (random.below(32) == 0) {
        out.append("\"").append(last).append(", ").append(first).append("\"");
    } else {
        out.append(first).append(" ").append(last);
    }
}

bool append_row(const RowOptions& options,
                std::uint64_t index,
                std::uint64_t key,
                std::string& out) {
    Random random(options.seed * 0xD1342543DE82EF95U + index);
    const bool changed = in_share(random, options.changed);
    auto fault = Fault::kNone;
    if (in_share(random, options.dirty)) {
        fault = static_cast<Fault>(1 + random.below(kFaults));
    }

    if (fault != Fault::kKeyMissing) {
        append_integer(key, out);
    }
    out += fault == Fault::kKeyNotInteger ? "x," : ",";
    if (random.below(100) != 0) {
        append_name(random, out);
    }
    out += ',';
    if (fault == Fault::kNotTimestamp) {
        out += "2021-02-31T00:00:00Z";
    } else if (random.below(128) != 0) {
        const std::uint32_t seconds = random.below(kYearSeconds);
        append_timestamp(seconds + (random.below(20) == 0 ? kYearSeconds : 0), out);
    }
    out += ',';
    if (fault == Fault::kDepartmentNotInteger) {
        out += "sales";
    } else if (random.below(100) != 0) {
        append_integer(1 + random.below(kDepartments), out);
    }
    if (fault != Fault::kTooFewFields) {
        out += ',';
        const std::uint32_t job = random.below(kJobs);
        append_integer(1 + (changed ? (job + 1) % kJobs : job), out);
    }
    out += fault == Fault::kTooManyFields ? ",1\n" : "\n";
    return fault != Fault::kNone;
}

}  // namespace hiring
