# The files of swagger-ui, pinned by third_party/swagger-ui/package-lock.json, compressed and made
# into an object: system_swagger_ui. `npm ci` verifies the hashes of the lock file.
find_program(NPM_EXECUTABLE npm REQUIRED)
find_program(GZIP_EXECUTABLE gzip REQUIRED)
enable_language(ASM)

set(swagger_manifest ${CMAKE_SOURCE_DIR}/third_party/swagger-ui)
set(swagger_dir ${CMAKE_BINARY_DIR}/swagger-ui)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${swagger_manifest}/package-lock.json)
file(SHA256 ${swagger_manifest}/package-lock.json swagger_wanted)
set(swagger_stamp ${swagger_dir}/${swagger_wanted})
if(NOT EXISTS ${swagger_stamp})
    file(COPY ${swagger_manifest}/ DESTINATION ${swagger_dir})
    execute_process(
        COMMAND ${NPM_EXECUTABLE} ci --ignore-scripts --no-audit --no-fund --silent
        WORKING_DIRECTORY ${swagger_dir}
        RESULT_VARIABLE swagger_status)
    if(NOT swagger_status EQUAL 0)
        message(FATAL_ERROR "npm ci of swagger-ui failed")
    endif()
    foreach(file swagger-ui-bundle.js swagger-ui.css)
        # -n: the same bytes at every build.
        execute_process(
            COMMAND ${GZIP_EXECUTABLE} -9 -n -c
                ${swagger_dir}/node_modules/swagger-ui-dist/${file}
            OUTPUT_FILE ${swagger_dir}/${file}.gz
            COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
    file(TOUCH ${swagger_stamp})
endif()

set(swagger_asm ${swagger_dir}/assets.S)
set(asm ".section .rodata\n")
foreach(pair Bundle=swagger-ui-bundle.js Css=swagger-ui.css)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 file)
    set(symbol kMusterSwagger${name})
    string(APPEND asm ".global ${symbol}Begin\n${symbol}Begin:\n"
        ".incbin \"${swagger_dir}/${file}.gz\"\n.global ${symbol}End\n${symbol}End:\n")
endforeach()
string(APPEND asm ".section .note.GNU-stack,\"\",@progbits\n")
file(GENERATE OUTPUT ${swagger_asm} CONTENT "${asm}")
add_library(system_swagger_ui STATIC ${swagger_asm})
set_source_files_properties(${swagger_asm} PROPERTIES GENERATED TRUE)
