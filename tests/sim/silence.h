/* Requests that the simulated exchange takes and never answers: those of the accounts, or of all,
 * for which it is silent. They cost no weight, and any number of them delays nobody else's. */
#ifndef SIM_SILENCE_H
#define SIM_SILENCE_H

#include <stdbool.h>

struct sim;
struct request;

/* What it is silent to. */
enum { SILENT_REST = 1, SILENT_STREAM = 2 };

/* Sets what it is silent to for the accounts whose name fits the pattern of fnmatch(3), and with ""
 * for all and for those who name no account; false when it fits none. */
bool silence_set(struct sim *sim, const char *pattern, unsigned what);

/* Takes the request when it is to stay without an answer; true then. */
bool silence_take(struct sim *sim, struct request *request, const char *path);

/* Ends the connections that wait for answers whose client has hung up, or whose silence is over;
 * with `all`, all of them. */
void silence_work(struct sim *sim, bool all);

#endif
