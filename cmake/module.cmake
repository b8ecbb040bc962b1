# muster_module(NAME SOURCES ... HEADERS ... LINK ... PRIVATE_LINK ...)
# One static library per folder of src/, named muster::NAME. HEADERS are the public ones: each must
# compile alone (target all_verify_interface_header_sets).
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ${MUSTER_TESTS})

# Off: missing-field-initializers (designated initializers leave the rest at its default on
# purpose) and restrict (GCC 12 warns falsely about std::string's operator+).
add_library(muster_options INTERFACE)
target_compile_options(muster_options INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wswitch-enum
    -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    -fno-omit-frame-pointer)
if(MUSTER_WERROR)
    target_compile_options(muster_options INTERFACE -Werror)
endif()
if(MUSTER_SANITIZE)
    # Boost.Beast under instrumentation: a false "may be used uninitialized", and fences, which the
    # thread sanitizer does not know.
    target_compile_options(muster_options INTERFACE
        -fsanitize=${MUSTER_SANITIZE} -fno-sanitize-recover=all
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-tsan>)
    target_link_options(muster_options INTERFACE -fsanitize=${MUSTER_SANITIZE})
endif()
if(MUSTER_COVERAGE)
    target_compile_options(muster_options INTERFACE --coverage)
    target_link_options(muster_options INTERFACE --coverage)
endif()

function(muster_module name)
    cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;LINK;PRIVATE_LINK" ${ARGN})
    add_library(muster_${name} STATIC ${ARG_SOURCES})
    add_library(muster::${name} ALIAS muster_${name})
    target_sources(muster_${name} PUBLIC
        FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${ARG_HEADERS})
    target_include_directories(muster_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(muster_${name}
        PUBLIC ${ARG_LINK} PRIVATE muster_options ${ARG_PRIVATE_LINK})
    if(MUSTER_SANITIZE)
        target_link_libraries(muster_${name} PUBLIC muster_options)
    endif()
endfunction()

# All of them, without the program and the tools.
add_custom_target(unit_tests)
# What the tests from outside drive besides the program.
add_custom_target(test_programs)

# muster_test(NAME SOURCES ... LINK ...): one GoogleTest program, its cases registered with CTest.
function(muster_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE ${ARG_LINK} muster_options GTest::gtest_main GTest::gmock)
    target_compile_definitions(${name} PRIVATE MUSTER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    add_dependencies(unit_tests ${name})
endfunction()
