/* SIGTERM, SIGINT and SIGHUP as something to wait for, instead of something that interrupts. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

enum signal_wish { SIGNAL_NONE, SIGNAL_STOP, SIGNAL_RELOAD };

/* Blocks the signals and opens *file, which is readable when one has come. */
bool signals_open(int *file, struct error *error);
void signals_close(int file);

/* The next signal that has come; SIGNAL_NONE when there is none. Does not wait. */
enum signal_wish signals_take(int file);
