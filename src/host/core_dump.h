/* Memory that holds a secret is not written down when the process crashes, nor read from it. */
#pragma once

/* From here on nothing gets a core of this process, and only root reads its memory and environment.
 * Before a secret is read. */
void core_dump_forbid(void);
