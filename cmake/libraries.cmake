# Libraries of the system (Debian packages, see scripts/packages.txt). The static archive is taken
# where the package has one, so that the program stands alone.
find_package(Threads REQUIRED)

function(muster_system_library name)
    find_library(${name}_LIBRARY NAMES lib${name}.a ${name} REQUIRED)
    add_library(system_${name} INTERFACE)
    target_link_libraries(system_${name} INTERFACE ${${name}_LIBRARY})
endfunction()

foreach(name re2 zstd z xxhash simdjson snappy)
    muster_system_library(${name})
endforeach()
target_link_libraries(system_re2 INTERFACE Threads::Threads)

# Header-only use: no shared object to load at start.
add_library(system_fmt INTERFACE)
target_compile_definitions(system_fmt INTERFACE FMT_HEADER_ONLY=1)
