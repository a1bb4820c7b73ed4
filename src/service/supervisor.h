/* What the service tells systemd, when systemd has started it: nothing otherwise. */
#ifndef POSREC_SERVICE_SUPERVISOR_H
#define POSREC_SERVICE_SUPERVISOR_H

#include <stdint.h>

/* How often to call supervisor_alive(), ms; 0 when no watchdog waits for it. */
int64_t supervisor_watchdog_ms(void);

void supervisor_ready(void);
void supervisor_alive(void);
void supervisor_reloading(void);
void supervisor_stopping(void);

#endif
