# Run by embed_files: writes OUTPUT, a table SYMBOL of the texts of FILES and their hashes. Texts are written as bytes:
# ISO C allows string literals of 4095 characters only. `.sql` is left off the names.
set(arrays "")
set(rows "")
set(all "")
set(number 0)
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME)
    string(REGEX REPLACE "\\.sql$" "" name "${name}")
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
    string(REGEX REPLACE "(([^,]*,)(([^,]*,)(([^,]*,)(([^,]*,)([^,]*,)))))" "\\1\n" bytes "${bytes}")
    string(APPEND arrays "static const char TEXT_${number}[] = {\n${bytes}0};\n\n")
    file(SHA256 ${file} sha256)
    string(APPEND rows "    {\"${name}\", TEXT_${number}, \"${sha256}\"},\n")
    file(READ ${file} text)
    string(APPEND all "${text}")
    math(EXPR number "${number} + 1")
endforeach()
string(SHA256 sha256 "${all}")
file(WRITE ${OUTPUT}
     "#include \"base/embedded_file.h\"\n\nextern const struct embedded_file ${SYMBOL}[];\n\n"
     "${arrays}const struct embedded_file ${SYMBOL}[] = {\n${rows}    {0, 0, \"${sha256}\"}};\n")
