/* What a key may do, as the exchange's spot side tells it: that of futures does not. */
#ifndef SIM_RIGHTS_H
#define SIM_RIGHTS_H

#include "sim.h"

/* Reads "name,name", in the answer's words; false when one is none of them. */
bool rights_read(const char *names, unsigned *rights);

/* apiRestrictions. */
struct reply rights_reply(struct question *question);

#endif
