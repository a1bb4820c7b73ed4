# embed_sql(TARGET SYMBOL FOLDER): adds to TARGET a source that defines `struct sql_file SYMBOL[]`
# with every .sql file of FOLDER, in the order of their names.
function(embed_sql target symbol folder)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.sql)
    list(SORT files)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DSYMBOL=${symbol} "-DFILES=${files}" -DOUTPUT=${output}
                -P ${PROJECT_SOURCE_DIR}/cmake/write_sql_table.cmake
        DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/write_sql_table.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${output})
endfunction()
