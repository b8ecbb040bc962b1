// archive_probe FOLDER SEED ROWS: writes FOLDER/<codec>.avro with the same rows of every type for
// each codec, prints their number, their content checksum and each row as a JSON array of texts.
// archive_probe --example: the same of the example in docs/content-checksum.md, without files.
#include "core/text.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "archive_rows.h"

namespace {

using namespace muster;

void print(const ArchiveTable& table, const std::vector<Row>& rows) {
    const FileContent content = content_of(table, rows);
    std::printf("%zu %s\n", rows.size(), checksum_text(content.checksum).c_str());
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += line.empty() ? "[" : ",";
            line += std::holds_alternative<std::monostate>(row[i])
                        ? "null"
                        : json_quote(value_text(table.columns[i].type, row[i]));
        }
        std::printf("%s]\n", line.c_str());
    }
}

bool write_files(const std::filesystem::path& folder,
                 const ArchiveTable& table,
                 const std::vector<Row>& rows) {
    for (const AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy}) {
        const auto file = write_avro(table, rows, codec, 500);
        if (!file.ok()) {
            std::fprintf(stderr, "%s\n", file.error().message.c_str());
            return false;
        }
        std::ofstream out(folder / (std::string(avro_codec_name(codec)) + ".avro"));
        if (!out.write(file->data(), static_cast<std::streamsize>(file->size())).flush()) {
            std::fprintf(stderr, "cannot write into %s\n", folder.c_str());
            return false;
        }
    }
    return true;
}

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--example") {
        print(example_table(), example_rows());
        return 0;
    }
    if (argc != 4) {
        std::fprintf(stderr, "usage: archive_probe FOLDER SEED ROWS | --example\n");
        return 2;
    }
    std::vector<Row> rows = edge_rows();
    const std::vector<Row> more = random_rows(number(argv[2]), number(argv[3]));
    rows.insert(rows.end(), more.begin(), more.end());
    if (!write_files(argv[1], every_type(), rows)) {
        return 1;
    }
    print(every_type(), rows);
    return 0;
}
