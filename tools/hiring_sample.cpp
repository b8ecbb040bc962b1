#include "hiring_sample.h"

#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "hiring_rows.h"

namespace hiring {
namespace {

using std::string_literals::operator""s;

constexpr std::uint64_t kEmployees = 1'000;

std::string departments() {
    std::string text;
    for (std::uint32_t id = 1; id <= kDepartments; ++id) {
        append_integer(id, text);
        text.append(",").append(department_name(id)).append("\n");
    }
    text += "0,Astrology\n";                           // value.out_of_range: min = 1
    text += "14,\n";                                   // value.missing
    text.append("15,").append(101, 'x').append("\n");  // value.too_long: max_length = 100
    return text;
}

std::string jobs() {
    std::string text;
    for (std::uint32_t id = 1; id <= kJobs; ++id) {
        append_integer(id, text);
        text.append(",").append(job_name(id)).append("\n");
    }
    text += "60,Technical Writer III\n";  // the same record twice: de-duplicated, no reject
    return text;
}

// What stands in place of the row with this number. README.md of the sample lists the same lines.
const std::map<std::uint64_t, std::string>& special_rows() {
    static const std::map<std::uint64_t, std::string> kRows = {
        // Unusual but right.
        {20, "20,\"O'Brien, Chloé \"\"Clo\"\"\",2021-03-04T08:00:00Z,5,7\n"},
        {40, "40,\"Ana\nGarcía\",2021-05-06T10:20:30Z,2,9\n"},
        {60, "\n60,Kaito Sato,2021-07-01 09:00:00+09:00,5,11\n"},
        {80, "80,  Lars Jensen  ,2021-08-09T12:00:00.250Z,5,12\r\n"},
        // Records that do not split.
        {100, "100,Omar Haddad,2021-01-02T03:04:05Z,5\n"},
        {110, "110,Rosa Flores,2021-01-02T03:04:05Z,5,4,9\n"},
        {120, "120,\"Hugo \"the boss\" Moreau\",2021-01-02T03:04:05Z,5,4\n"},
        {130, "130,Ivan 6\" Novak,2021-01-02T03:04:05Z,5,4\n"},
        {140, "140,Jos\xE9 Ram\xEDrez,2021-01-02T03:04:05Z,5,4\n"},
        {150, "150,Mei\0Zhang,2021-01-02T03:04:05Z,5,4\n"s},
        // Values that do not decode, and values that no rule lets pass.
        {200, ",Nadia Ivanova,2021-01-02T03:04:05Z,5,4\n"},
        {210, "21O,Paula Costa,2021-01-02T03:04:05Z,5,4\n"},
        {220, "220,Felix Bauer,2021-02-31T03:04:05Z,5,4\n"},
        {230, "230,Olga Kowalski,2021-04-05T24:00:00Z,5,4\n"},
        {240, "240,Amir Kaya,05/04/2021,5,4\n"},
        {250, "99999999999999999999,Elena Rossi,2021-01-02T03:04:05Z,5,4\n"},
        {260, "260,Noah Keller,yesterday,five,4.5\n"},
        // References: no department 13, no job 99; department 15 was refused itself.
        {300, "300,Jonas Fischer,2021-06-01T00:00:00Z,13,4\n"},
        {310, "310,Yara Silva,2021-06-01T00:00:00Z,5,99\n"},
        {320, "320,Milan Novak,2021-06-01T00:00:00Z,15,99\n"},
        // The key of row 349 with other values: the last one wins, the first is a notice.
        {350, "349,Julia Becker,2021-09-10T11:12:13Z,5,3\n"},
        // No quote follows before the end of the file.
        {999, "999,\"Samuel Abbott,2021-12-01T00:00:00Z,5,4\n"},
    };
    return kRows;
}

std::string hired_employees() {
    const auto& special = special_rows();
    std::string text;
    std::string row;
    for (std::uint64_t id = 1; id <= kEmployees; ++id) {
        const auto found = special.find(id);
        if (found != special.end()) {
            text += found->second;
            continue;
        }
        row.clear();
        append_row({.seed = 2021}, id, id, row);
        text += row;
    }
    return text;
}

std::string utf16(std::string_view ascii) {
    std::string text = "\xFF\xFE";
    for (const char letter : ascii) {
        text += letter;
        text += '\0';
    }
    return text;
}

}  // namespace

bool write_file(const std::filesystem::path& path, std::string_view text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file) {
        std::cerr << "generate_hiring: cannot write " << path << "\n";
        return false;
    }
    return true;
}

bool write_sample(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder / "data", error);
    std::filesystem::create_directories(folder / "broken", error);
    const std::string_view rows = "1,Ada Kim,2021-01-02T03:04:05Z,5,4\n";
    // The first bytes of a gzip stream: header, then nothing.
    const std::string cut_gzip = "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x4B"s;
    return write_file(folder / "data/departments.csv", departments()) &&
           write_file(folder / "data/jobs.csv", jobs()) &&
           write_file(folder / "data/hired_employees.csv", hired_employees()) &&
           write_file(folder / "broken/hired_employees_empty.csv", "") &&
           write_file(folder / "broken/hired_employees_utf16.csv", utf16(rows)) &&
           write_file(folder / "broken/hired_employees_cut.csv.gz", cut_gzip) &&
           write_file(folder / "broken/hired_employees_header.csv",
                      "id,name,hired_at,department_id,job_id\n" + std::string(rows));
}

}  // namespace hiring
