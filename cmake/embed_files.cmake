# embed_files(TARGET SYMBOL FILE...): adds to TARGET a source that defines `struct embedded_file SYMBOL[]`
# with the files' texts, in the order of their names.
function(embed_files target symbol)
    set(files ${ARGN})
    list(SORT files)
    file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/sql/shared/*.sql)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DSYMBOL=${symbol} "-DFILES=${files}" -DOUTPUT=${output} -DSHARED=${PROJECT_SOURCE_DIR}/sql/shared
                -P ${PROJECT_SOURCE_DIR}/cmake/write_file_table.cmake
        DEPENDS ${files} ${shared} ${PROJECT_SOURCE_DIR}/cmake/write_file_table.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${output})
endfunction()

# embed_sql(TARGET SYMBOL FOLDER): the same with every .sql file of FOLDER.
function(embed_sql target symbol folder)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.sql)
    embed_files(${target} ${symbol} ${files})
endfunction()
