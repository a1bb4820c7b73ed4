/* What answers to the paths of a test share. */
#ifndef SIM_ADMIN_H
#define SIM_ADMIN_H

#include "sim.h"

typedef enum MHD_Result admin_path(struct sim *sim, struct request *request);

/* A path behind /sim/, and what answers to it; a list of them ends with an empty one. */
struct admin_path_name {
    const char *name;
    admin_path *answer;
};

/* NULL for none. */
admin_path *admin_find(const struct admin_path_name *paths, const char *name);

/* A whole number parameter; `standard` when it is not there. */
int64_t admin_number(struct request *request, const char *name, int64_t standard);

enum MHD_Result admin_say(struct request *request, int status, const char *text);

/* The product that is named, or COIN-M; NULL when there is none of that name. */
struct market *admin_market(struct sim *sim, struct request *request);

/* The account that is named, and its ledger of the product that is; NULL for none. */
struct sim_account *admin_account(struct sim *sim, struct request *request);
struct sim_ledger *admin_ledger(struct sim *sim, struct request *request);

#endif
