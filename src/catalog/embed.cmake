# Writes OUTPUT, a C++ source with the files of a catalog as string literals.
# FILES are paths relative to FOLDER.
set(entries "")
foreach(file IN LISTS FILES)
    file(READ ${FOLDER}/${file} content)
    string(APPEND entries "        {\"${file}\", R\"__muster__(${content})__muster__\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"catalog/catalog.h\"

namespace muster {

const std::vector<std::pair<std::string, std::string_view>>& builtin_catalog_files() {
    static const std::vector<std::pair<std::string, std::string_view>> files = {
${entries}    };
    return files;
}

}  // namespace muster
")
