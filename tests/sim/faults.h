/* What the simulated exchange does wrong when it is told to. A fault serves a number of requests,
 * those of one account or product or of all, and the oldest that fits is used first. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULTS_MAX 64

enum fault_kind {
    FAULT_NONE,
    FAULT_STATUS,    /* an error status, with code, message and Retry-After */
    FAULT_STALL,     /* no answer for a while */
    FAULT_RESET,     /* the connection is reset before an answer */
    FAULT_HALF,      /* the connection ends in the middle of the body */
    FAULT_TRUNCATED, /* a whole HTTP answer, but its JSON ends early */
    FAULT_GARBAGE,   /* 200 with bytes that are no JSON */
    FAULT_LARGE,     /* 200 with a body of `size` bytes */
    FAULT_BODY,      /* the given bytes with the given status */
    FAULT_REDIRECT,  /* 302 to another path */
    FAULT_BOMB,      /* 200 with gzip that decodes to `size` zeros */
};

struct fault {
    enum fault_kind kind;
    char account[80];  /* "" for any */
    char product[8];   /* "coin-m", "usd-m"; "" for any */
    char endpoint[24]; /* "positionRisk", "exchangeInfo", "time"; "any" for all */
    int64_t count;     /* how many requests are left */
    int status;
    int code; /* 0: a body that is no {"code":...} */
    char message[200];
    int retry_after_s; /* 0: no header */
    int64_t delay_ms;  /* until the answer; 0: none */
    size_t size;
    char *body; /* owned */
    size_t body_size;
};

struct faults {
    struct fault list[FAULTS_MAX];
    int count;
};

enum fault_kind fault_kind_from_name(const char *name);

/* Takes the fault over; false when there are too many. */
bool faults_add(struct faults *faults, const struct fault *fault);
void faults_clear(struct faults *faults);

/* The fault for this request, its count lowered; FAULT_NONE when there is none. The body is a view.
 */
struct fault faults_take(struct faults *faults, const char *account, const char *product,
                         const char *endpoint);

#endif
