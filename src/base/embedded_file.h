/* A file that is embedded into the program at build time (cmake/embed_files.cmake). */
#pragma once

struct embedded_file {
    const char *name; /* without its folder; SQL files without `.sql`; NULL ends a table of files */
    const char *text;
    const char *sha256; /* of the text, in hex; in the one that ends a table, of all its texts */
};

/* The text of the file of that name, which must be in the table. */
const char *embedded_file_text(const struct embedded_file *files, const char *name);
