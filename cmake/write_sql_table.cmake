# Run by embed_sql: writes OUTPUT, a table SYMBOL of the texts of FILES. Texts are written as bytes:
# ISO C allows string literals of 4095 characters only.
set(arrays "")
set(rows "")
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(([^,]*,)(([^,]*,)(([^,]*,)(([^,]*,)([^,]*,)))))" "\\1\n" bytes "${bytes}")
    string(APPEND arrays "static const char TEXT_${name}[] = {\n${bytes}0};\n\n")
    string(APPEND rows "    {\"${name}\", TEXT_${name}},\n")
endforeach()
file(WRITE ${OUTPUT}
     "#include \"store/sql_file.h\"\n\n${arrays}const struct sql_file ${SYMBOL}[] = {\n${rows}    {0}};\n")
