/* A file of sql/, embedded into the program at build time (cmake/embed_sql.cmake). */
#ifndef POSREC_STORE_SQL_FILE_H
#define POSREC_STORE_SQL_FILE_H

struct sql_file {
    const char *name; /* the file's, without folder and ending; NULL ends a table of files */
    const char *text;
};

extern const struct sql_file SQL_MIGRATIONS[];
extern const struct sql_file SQL_VIEWS[];

#endif
