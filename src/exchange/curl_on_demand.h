/* libcurl, loaded when it is first needed. It brings some thirty libraries with it (Kerberos, LDAP,
 * SSH and more), and loading them takes half of the time that a question to the database takes as
 * a whole. So posrec is not linked with it: curl_on_demand.c defines the functions of <curl/curl.h>
 * that posrec calls, and each hands its call on to the library. */
#ifndef POSREC_EXCHANGE_CURL_ON_DEMAND_H
#define POSREC_EXCHANGE_CURL_ON_DEMAND_H

#include <stdbool.h>

#include "base/error.h"

/* Loads libcurl for the rest of the process; does nothing when it is there. It must have succeeded
 * before any function of libcurl is called. */
bool curl_on_demand_load(struct error *error);

#endif
