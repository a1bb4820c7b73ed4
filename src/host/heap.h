/* The memory that this process allocates from. */
#pragma once

/* Takes as much of it at once as a command that reads needs at least, in huge pages where the
 * system gives them, as what is used besides, and keeps what it gives back: page by page, as it is
 * used, each would stop the program. Nothing happens where the system cannot. */
void heap_take(void);
