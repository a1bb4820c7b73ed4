/* What doctor finds out of one account by asking the exchange: its clock, whether it takes the key,
 * what that may do, what else is answered, what others use of the weight, and the stream. */
#pragma once

#include "cli/cli.h"
#include "exchange/endpoints.h"

/* The weight a minute that is asked by the account's way out. */
struct account_check_weight {
    bool is_told;    /* with another account of the same way */
    bool is_running; /* it is asked at present, by 'posrec run' */
    double needed;   /* by the configuration */
    int64_t budget;  /* of which so much may be used */
};

void account_check(struct cli *cli, const struct account_settings *settings,
                   const struct account_check_weight *weight);
