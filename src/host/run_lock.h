/* At most one `posrec run` on a database: a lock on a file beside it, held until the process ends.
 * Who holds it can leave words for the next one there, which take no room that a full disk lacks.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Takes the lock; *file holds it and is to be closed at the end. Fails when another process has it,
 * or keeps it free. */
bool run_lock_take(const char *database_path, int *file, struct error *error);

#define RUN_LOCK_WORDS_SIZE 64

/* The words that the last holder left, "" for none, and takes them away; *file is held. */
void run_lock_take_words(int file, char words[RUN_LOCK_WORDS_SIZE]);

/* Leaves words of fewer bytes than that. */
void run_lock_leave_words(int file, const char *words);

/* Sees to it that nobody takes the lock until *file is closed. Fails when somebody has it. */
bool run_lock_keep_free(const char *database_path, int *file, struct error *error);

/* Whether some process holds it. */
bool run_lock_is_held(const char *database_path);
