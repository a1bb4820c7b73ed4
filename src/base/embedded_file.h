/* A file that is embedded into the program at build time (cmake/embed_files.cmake). */
#ifndef POSREC_BASE_EMBEDDED_FILE_H
#define POSREC_BASE_EMBEDDED_FILE_H

struct embedded_file {
    const char *name; /* without its folder; SQL files without `.sql`; NULL ends a table of files */
    const char *text;
};

/* The text of the file of that name, which must be in the table. */
const char *embedded_file_text(const struct embedded_file *files, const char *name);

#endif
