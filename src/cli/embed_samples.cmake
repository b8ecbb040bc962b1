# Writes OUTPUT, a source file with the content of the CSVs in FOLDER (cli/sample_files.h).
# Values are byte arrays in decimal: any content is safe, string literals have a length limit.
file(GLOB files ${FOLDER}/*.csv)
list(SORT files)
set(arrays "")
set(entries "")
set(count 0)
foreach(file ${files})
    get_filename_component(name ${file} NAME)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND arrays "constexpr char kContent${count}[] = {${bytes}'\\0'};\n")
    string(APPEND entries
        "    SampleFile{\"${name}\", {kContent${count}, sizeof kContent${count} - 1}},\n")
    math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUTPUT}.new
"#include \"cli/sample_files.h\"

#include <array>

namespace muster {
namespace {

${arrays}
constexpr std::array<SampleFile, ${count}> kFiles = {
${entries}};

}  // namespace

std::span<const SampleFile> sample_files() { return kFiles; }

}  // namespace muster
")
file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
