/* What happens to an account because a test says so: trades, money, settings, prices. */
#ifndef SIM_DEALINGS_H
#define SIM_DEALINGS_H

#include "admin.h"

/* What answers to a path behind /sim/; NULL when it is none of these. */
admin_path *dealings_find(const char *name);

#endif
