# Run by embed_files: writes OUTPUT, a table SYMBOL of the texts of FILES. Texts are written as bytes:
# ISO C allows string literals of 4095 characters only. `.sql` is left off the names.
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME)
    string(REGEX REPLACE "\\.sql$" "" name "${name}")
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
    string(REGEX REPLACE "(([^,]*,)(([^,]*,)(([^,]*,)(([^,]*,)([^,]*,)))))" "\\1\n" bytes "${bytes}")
    string(APPEND arrays "static const char TEXT_${number}[] = {\n${bytes}0};\n\n")
    string(APPEND rows "    {\"${name}\", TEXT_${number}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT}
     "#include \"base/embedded_file.h\"\n\nextern const struct embedded_file ${SYMBOL}[];\n\n"
     "${arrays}const struct embedded_file ${SYMBOL}[] = {\n${rows}    {0}};\n")
