# Libraries of the system (Debian packages, see scripts/packages.txt). The static archive is taken
# where the package has one, so that the program stands alone.
find_package(Threads REQUIRED)

function(muster_system_library name)
    find_library(${name}_LIBRARY NAMES lib${name}.a ${name} REQUIRED)
    add_library(system_${name} INTERFACE)
    target_link_libraries(system_${name} INTERFACE ${${name}_LIBRARY})
endfunction()

foreach(name crypto pugixml re2 zstd z xxhash simdjson snappy)
    muster_system_library(${name})
endforeach()
target_link_libraries(system_re2 INTERFACE Threads::Threads)

# Abseil's time library; each archive before those it needs. Its CMake package knows shared objects
# only.
add_library(system_absl INTERFACE)
foreach(name time civil_time time_zone strings strings_internal int128 base spinlock_wait
        throw_delegate raw_logging_internal log_severity)
    muster_system_library(absl_${name})
    target_link_libraries(system_absl INTERFACE system_absl_${name})
endforeach()
target_link_libraries(system_absl INTERFACE Threads::Threads)

# Header-only use: no shared object to load at start.
add_library(system_fmt INTERFACE)
target_compile_definitions(system_fmt INTERFACE FMT_HEADER_ONLY=1)

# The headers alone: the library is loaded when a connection is asked for.
find_path(LIBPQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
add_library(system_libpq_headers INTERFACE)
target_include_directories(system_libpq_headers SYSTEM INTERFACE ${LIBPQ_INCLUDE_DIR})
